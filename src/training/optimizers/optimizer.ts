import { optimizerSchema, type OptimizerInput, type OptimizerName } from "../../experiment/optimizer-schema.ts";
import { AdagradSlot } from "./adagrad.ts";
import { AdamSlot } from "./adam.ts";
import { RmspropSlot } from "./rmsprop.ts";
import { SgdSlot } from "./sgd.ts";
import type { OptimizerSlot } from "./slot.ts";
import type { UpdateRule } from "./update-rule.ts";
import type { WeightDecay } from "./weight-decay.ts";

export interface Optimizer {
  readonly kind: OptimizerName;
  /** Before any schedule. */
  readonly learningRate: number;
  readonly weightDecay: WeightDecay;
  /** The same for optimizers whose slots are alike: rate and decay aside. */
  readonly rules: string;
  /** What its slots compute. */
  readonly rule: UpdateRule;
  /** Fresh memory for a tensor of `size` elements. */
  slot(size: number): OptimizerSlot;
}

/** The optimizer that an experiment names; what it does not say has its default. */
export function resolveOptimizer(entry: OptimizerInput): Optimizer {
  const full = optimizerSchema.parse(typeof entry === "string" ? { [entry]: {} } : entry);
  if (typeof full === "string") throw new RangeError(`The optimizer ${full} has no options.`);
  if ("sgd" in full) return { kind: "sgd", ...common("sgd", full.sgd), ...slots({ kind: "sgd", ...full.sgd }) };
  if ("adam" in full) return { kind: "adam", ...common("adam", full.adam), ...slots({ kind: "adam", ...full.adam }) };
  // AdamW is Adam with decoupled decay, and differs in its default decay alone.
  if ("adamw" in full) return { kind: "adamw", ...common("adam", full.adamw), ...slots({ kind: "adam", ...full.adamw }) };
  if ("rmsprop" in full) return { kind: "rmsprop", ...common("rmsprop", full.rmsprop), ...slots({ kind: "rmsprop", ...full.rmsprop }) };
  return { kind: "adagrad", ...common("adagrad", full.adagrad), ...slots({ kind: "adagrad", ...full.adagrad }) };
}

function slots(rule: UpdateRule): Pick<Optimizer, "rule" | "slot"> {
  return { rule, slot: (size) => slotOf(rule, size) };
}

function slotOf(rule: UpdateRule, size: number): OptimizerSlot {
  switch (rule.kind) {
    case "sgd":
      return new SgdSlot(rule, size);
    case "adam":
      return new AdamSlot(rule, size);
    case "rmsprop":
      return new RmspropSlot(rule, size);
    case "adagrad":
      return new AdagradSlot(rule, size);
  }
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
