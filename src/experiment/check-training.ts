import type { Diagnostic } from "./diagnostic.ts";
import { finding } from "./finding.ts";
import { entryOf, valueOf, type Tree } from "./tree.ts";

/** Settings of optimizer and training that are right each by itself and do not go together. */
export function* checkTraining(root: Tree): Generator<Diagnostic> {
  yield* checkNesterov(valueOf(root, "optimizer"));
}

function* checkNesterov(optimizer: Tree | undefined): Generator<Diagnostic> {
  const sgd = valueOf(optimizer, "sgd");
  const nesterov = entryOf(sgd, "nesterov");
  const momentum = valueOf(sgd, "momentum");
  const without = momentum === undefined || (momentum.kind === "scalar" && momentum.value === 0);
  if (nesterov?.value.kind !== "scalar" || nesterov.value.value !== true || !without) return;
  yield finding(
    "MTL230",
    nesterov.keyRange,
    "`nesterov` looks ahead along the momentum, and there is none. Add `momentum: 0.9`, or delete it.",
  );
}
