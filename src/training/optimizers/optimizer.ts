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
  /** Fresh memory for a tensor of `size` elements. */
  slot(size: number): OptimizerSlot;
}

/** The optimizer that an experiment names; what it does not say has its default. */
export function resolveOptimizer(entry: OptimizerInput): Optimizer {
  const full = optimizerSchema.parse(typeof entry === "string" ? { [entry]: {} } : entry);
  if (typeof full === "string") throw new RangeError(`The optimizer ${full} has no options.`);
  if ("sgd" in full) return { kind: "sgd", ...common(full.sgd), slot: (size) => new SgdSlot(full.sgd, size) };
  if ("adam" in full) return { kind: "adam", ...common(full.adam), slot: (size) => new AdamSlot(full.adam, size) };
  // AdamW is Adam with decoupled decay, and differs in its default decay alone.
  if ("adamw" in full) return { kind: "adamw", ...common(full.adamw), slot: (size) => new AdamSlot(full.adamw, size) };
  if ("rmsprop" in full) return { kind: "rmsprop", ...common(full.rmsprop), slot: (size) => new RmspropSlot(full.rmsprop, size) };
  return { kind: "adagrad", ...common(full.adagrad), slot: (size) => new AdagradSlot(full.adagrad, size) };
}

function common(options: {
  readonly learningRate: number;
  readonly weightDecay: number;
  readonly decayed: WeightDecay["of"];
}): Pick<Optimizer, "learningRate" | "weightDecay"> {
  return { learningRate: options.learningRate, weightDecay: { rate: options.weightDecay, of: options.decayed } };
}
