import type { Remembered, Weighing } from "../balancers/balancer.ts";
import { isFiniteSquare } from "./gradients/gram.ts";
import type { HeldProducts, HeldSigns, HeldSum } from "./passes/held-gradients.ts";
import type { Proposal } from "./proposal.ts";

/** What a method answered for a step whose gradients stay where they are. */
export interface HeldAnswer extends Pick<Proposal, "tasks" | "weights" | "status" | "remembered"> {
  readonly ownedWeights: readonly number[];
  /** Undefined where the motion alone can tell it: where every task moves by accumulators of its own. */
  readonly directionNorm: number | undefined;
  /** Of what moves the parameters that one loss alone reaches. */
  readonly ownedNorm: number;
  readonly signs?: HeldSigns;
}

interface Given {
  readonly tasks: readonly number[];
  readonly ownedWeights: readonly number[];
  /** Of the direction, where it is known, and of what each loss gives the parameters that it alone reaches. */
  readonly squares: { readonly common: number | undefined; readonly owned: readonly number[] };
}

/** Undefined where such a step cannot be made of the answer. */
export function heldAnswer(
  { weights, status, state, buffers, rows }: Weighing & Remembered,
  { tasks, ownedWeights, squares: { common, owned } }: Given,
): HeldAnswer | undefined {
  const ownedSquare = owned.reduce((sum, square, position) => sum + (ownedWeights[position] ?? 0) ** 2 * square, 0);
  if (rows !== undefined || !isFiniteSquare(common ?? 0) || !isFiniteSquare(ownedSquare) || !weights.every(Number.isFinite))
    return undefined;
  const remembered = { state, ...(buffers === undefined ? {} : { buffers }) };
  const directionNorm = common === undefined ? undefined : Math.sqrt(common);
  return { tasks, weights, ownedWeights, status, remembered, directionNorm, ownedNorm: Math.sqrt(ownedSquare) };
}

/** ‖Σ w_i g_i‖² from the products of the gradients; rounding may leave less than nothing of it. */
export function squaresOf({ gram, owned }: HeldProducts, weights: readonly number[]): HeldSum {
  const square = weights.reduce((sum, w, i) => sum + w * weights.reduce((row, v, j) => row + v * (gram[i]?.[j] ?? 0), 0), 0);
  return { common: square < 0 ? 0 : square, owned };
}

/** Whether a direction is so much shorter than its parts that its length would be lost in the rounding of their products. */
export function isLost(square: number, gram: HeldProducts["gram"], weights: readonly number[]): boolean {
  return square < 1e-3 * weights.reduce((sum, weight, i) => sum + weight ** 2 * (gram[i]?.[i] ?? 0), 0);
}
