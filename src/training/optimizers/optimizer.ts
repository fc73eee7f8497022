import { optimizerSchema, type OptimizerInput, type OptimizerName } from "../../experiment/optimizer-schema.ts";
import { AdagradSlot } from "./adagrad.ts";
import { AdamSlot } from "./adam.ts";
import { RmspropSlot } from "./rmsprop.ts";
import { SgdSlot } from "./sgd.ts";
import type { OptimizerSlot } from "./slot.ts";
import type { WeightDecay } from "./weight-decay.ts";

export interface Optimizer {
  readonly kind: OptimizerName;
  /** Before any schedule. */
  readonly learningRate: number;
  readonly weightDecay: WeightDecay;
  /** The same for optimizers whose slots are alike: rate and decay aside. */
  readonly rules: string;
  /** Fresh memory for a tensor of `size` elements. */
  slot(size: number): OptimizerSlot;
}

/** The optimizer that an experiment names; what it does not say has its default. */
export function resolveOptimizer(entry: OptimizerInput): Optimizer {
  const full = optimizerSchema.parse(typeof entry === "string" ? { [entry]: {} } : entry);
  if (typeof full === "string") throw new RangeError(`The optimizer ${full} has no options.`);
  if ("sgd" in full) return { kind: "sgd", ...common("sgd", full.sgd), slot: (size) => new SgdSlot(full.sgd, size) };
  if ("adam" in full) return { kind: "adam", ...common("adam", full.adam), slot: (size) => new AdamSlot(full.adam, size) };
  // AdamW is Adam with decoupled decay, and differs in its default decay alone.
  if ("adamw" in full) return { kind: "adamw", ...common("adam", full.adamw), slot: (size) => new AdamSlot(full.adamw, size) };
  if ("rmsprop" in full)
    return { kind: "rmsprop", ...common("rmsprop", full.rmsprop), slot: (size) => new RmspropSlot(full.rmsprop, size) };
  return { kind: "adagrad", ...common("adagrad", full.adagrad), slot: (size) => new AdagradSlot(full.adagrad, size) };
}

function common(
  slots: string,
  { learningRate, weightDecay, decayed, ...rules }: CommonOptions,
): Pick<Optimizer, "learningRate" | "weightDecay" | "rules"> {
  return { learningRate, weightDecay: { rate: weightDecay, of: decayed }, rules: JSON.stringify([slots, rules]) };
}

interface CommonOptions {
  readonly learningRate: number;
  readonly weightDecay: number;
  readonly decayed: WeightDecay["of"];
}
