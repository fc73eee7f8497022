import { RandomStreams } from "../random-streams.ts";
import type { Split } from "../../experiment/record.ts";
import { DataError } from "./data-error.ts";

export interface SplitShares {
  readonly validation: number;
  readonly test: number;
  readonly seed: number;
}

/** The splits by the number that `assignSplits` gives. */
export const splitNames = ["train", "validation", "test"] as const satisfies readonly Split[];

/** More than these are not shuffled, which takes memory for each: every one is drawn a split of its own. */
const mostShuffled = 2 ** 24;

/**
 * Divides `count` things by chance into three parts without overlap; the same count, shares and seed always give the same
 * parts. Each part is in increasing order. `what` names the things in the error MTL319 of an empty part.
 */
export function splitRows(count: number, shares: SplitShares, what: string): Readonly<Record<Split, Uint32Array>> {
  const { order, test, validation } = shuffled(count, shares, what);
  return {
    train: order.slice(test + validation).sort(),
    validation: order.slice(test, test + validation).sort(),
    test: order.slice(0, test).sort(),
  };
}

/**
 * The same parts, told thing by thing: the place of its split in `splitNames`. Above 16,777,216 things the sizes of the parts are
 * only nearly what was asked for.
 */
export function assignSplits(count: number, shares: SplitShares, what: string): Uint8Array {
  const assigned = new Uint8Array(count);
  if (count > mostShuffled) {
    const stream = new RandomStreams(shares.seed).get("split");
    for (let i = 0; i < count; i++) {
      const draw = stream.uniform();
      assigned[i] = draw < shares.test ? 2 : draw < shares.test + shares.validation ? 1 : 0;
    }
    return assigned;
  }
  const { order, test, validation } = shuffled(count, shares, what);
  for (let i = 0; i < test + validation; i++) assigned[order[i] ?? 0] = i < test ? 2 : 1;
  return assigned;
}

/** The first `test` things are for the test, the next `validation` ones for validation, all others train. */
function shuffled(
  count: number,
  shares: SplitShares,
  what: string,
): { readonly order: Uint32Array; readonly test: number; readonly validation: number } {
  const test = Math.round(count * shares.test);
  const validation = Math.round(count * shares.validation);
  const sizes = {
    train: count - Math.min(count, test + validation),
    validation: Math.min(validation, count - Math.min(count, test)),
    test,
  };
  for (const split of splitNames) {
    if (sizes[split] > 0) continue;
    throw new DataError({
      code: "MTL319",
      path: ["data", "split"],
      message:
        `With validation ${shares.validation} and test ${shares.test} of ${count} ${what}, none is left for "${split}". ` +
        (split === "train" ? "Choose smaller shares; together they must stay below 1." : "Choose a greater share, or add rows."),
    });
  }
  const order = Uint32Array.from({ length: count }, (_, index) => index);
  new RandomStreams(shares.seed).get("split").shuffle(order);
  return { order, test, validation };
}
