/** Who owns a tensor, of its tasks' mean rAU. */
export interface Owner {
  /** Index of the task with the largest share; the first of equals. */
  readonly task: number;
  /** Its mean rAU, in [1/K, 1]. */
  readonly share: number;
  /** (share − 1/K) / (1 − 1/K): 0 where all tasks share alike, 1 where one owns all. 1 for a single task. */
  readonly strength: number;
}

/** Below this strength a tensor is called shared. */
export const sharedBelow = 0.3;

/** Owner of a tensor from its K shares, which sum to 1; undefined where a share is missing or not finite. */
export function ownerOf(shares: readonly number[]): Owner | undefined {
  if (shares.length === 0 || !shares.every(Number.isFinite)) return undefined;
  const share = Math.max(...shares);
  return { task: shares.indexOf(share), share, strength: strengthOf(share, shares.length) };
}

/** Strength of a share among K tasks: its way from an even split to all. With one task 1: there is nobody to share with. */
export function strengthOf(share: number, tasks: number): number {
  if (tasks <= 1) return 1;
  const even = 1 / tasks;
  return Math.min(1, Math.max(0, (share - even) / (1 - even)));
}
