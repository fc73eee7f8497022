import { optimizerSchema, type OptimizerEntry } from "../../experiment/schema.ts";
import { AdagradSlot } from "./adagrad.ts";
import { AdamSlot } from "./adam.ts";
import { RmspropSlot } from "./rmsprop.ts";
import { SgdSlot } from "./sgd.ts";
import type { OptimizerSlot } from "./slot.ts";

export interface Optimizer {
  readonly kind: "sgd" | "adam" | "rmsprop" | "adagrad";
  readonly learningRate: number;
  /** Fresh memory for a tensor of `size` elements. */
  slot(size: number): OptimizerSlot;
}

/** The optimizer that an experiment names; its name alone means its default options. */
export function resolveOptimizer(entry: OptimizerEntry): Optimizer {
  const full = typeof entry === "string" ? optimizerSchema.parse({ [entry]: {} }) : entry;
  if (typeof full === "string") throw new RangeError(`The optimizer ${full} has no options.`);
  if ("sgd" in full) return { kind: "sgd", learningRate: full.sgd.learningRate, slot: (size) => new SgdSlot(full.sgd, size) };
  if ("adam" in full) return { kind: "adam", learningRate: full.adam.learningRate, slot: (size) => new AdamSlot(full.adam, size) };
  if ("rmsprop" in full)
    return { kind: "rmsprop", learningRate: full.rmsprop.learningRate, slot: (size) => new RmspropSlot(full.rmsprop, size) };
  return { kind: "adagrad", learningRate: full.adagrad.learningRate, slot: (size) => new AdagradSlot(full.adagrad, size) };
}
