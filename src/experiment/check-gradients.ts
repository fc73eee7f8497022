import { findBalancer } from "../balancers/catalogue.ts";
import { boundToGradients } from "../balancers/gradient-storage.ts";
import type { Diagnostic } from "./diagnostic.ts";
import { finding } from "./finding.ts";
import { entriesEverywhere } from "./phase-paths.ts";
import { textOf, valueOf, type Tree } from "./tree.ts";

/** Batches in a step; 1 where nothing, or no such number, is written. */
export function accumulatedBatches(root: Tree): number {
  const written = valueOf(valueOf(root, "training"), "accumulate");
  return written?.kind === "scalar" && typeof written.value === "number" ? written.value : 1;
}

/** Whether the balancer can do with what `training.gradients` leaves it. */
export function* checkGradients(root: Tree): Generator<Diagnostic> {
  const asked = valueOf(valueOf(root, "training"), "gradients");
  if (asked === undefined || textOf(asked) !== "recompute") return;
  const methods = entriesEverywhere(root, "balancer").flatMap(({ value }) => textOf(valueOf(value, "method") ?? value) ?? []);
  const bound = methods.flatMap((method) => {
    const balancer = findBalancer(method);
    const reason = balancer === undefined ? undefined : boundToGradients(balancer);
    return reason === undefined ? [] : [{ method, reason }];
  });
  const [first] = bound;
  const accumulates = accumulatedBatches(root) > 1;
  if (first === undefined && !accumulates) return;
  const why =
    first === undefined
      ? "With `accumulate` each task's gradient is added up over the batches of a step"
      : `The balancer \`${first.method}\` ${first.reason}`;
  yield finding("MTL245", asked.range, `${why}, so they must be stored. Use \`stored\` or \`auto\`.`, {
    fixes: ["auto", "stored"].map((to, i) => ({ title: `Change to ${to}`, range: asked.range, replacement: to, preferred: i === 0 })),
  });
}
