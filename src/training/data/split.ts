import { RandomStreams } from "../random-streams.ts";
import type { Split } from "../../experiment/record.ts";
import { DataError } from "./data-error.ts";

export interface SplitShares {
  readonly validation: number;
  readonly test: number;
  readonly seed: number;
}

/**
 * Divides `count` things by chance into three parts without overlap; the same count, shares and seed always give the same
 * parts. Each part is in increasing order. `what` names the things in the error MTL319 of an empty part.
 */
export function splitRows(count: number, shares: SplitShares, what: string): Readonly<Record<Split, Uint32Array>> {
  const order = Uint32Array.from({ length: count }, (_, index) => index);
  new RandomStreams(shares.seed).get("split").shuffle(order);
  const test = Math.round(count * shares.test);
  const validation = Math.round(count * shares.validation);
  const parts = {
    train: order.slice(Math.min(count, test + validation)).sort(),
    validation: order.slice(test, test + validation).sort(),
    test: order.slice(0, test).sort(),
  };
  for (const split of ["train", "validation", "test"] as const) {
    if (parts[split].length > 0) continue;
    throw new DataError({
      code: "MTL319",
      path: ["data", "split"],
      message:
        `With validation ${shares.validation} and test ${shares.test} of ${count} ${what}, none is left for "${split}". ` +
        (split === "train" ? "Choose smaller shares; together they must stay below 1." : "Choose a greater share, or add rows."),
    });
  }
  return parts;
}
