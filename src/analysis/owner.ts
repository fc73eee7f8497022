/** Who owns a tensor at a moment: the task with the largest share, and how far that is from an even split. */
export interface Owner {
  /** Index of the task. */
  readonly task: number;
  readonly share: number;
  /** `(share − 1/K) / (1 − 1/K)`: 0 for an even split, 1 for sole ownership. */
  readonly strength: number;
}

/** From this strength on a tensor is said to belong to its owner; below it is shared. */
export const ownedStrength = 0.3;

/** @param shares one share a task, summing to 1. The first of equals is the owner. Null where a share is not known. */
export function ownerOf(shares: ArrayLike<number>): Owner | null {
  let task = 0;
  for (let k = 0; k < shares.length; k++) {
    const share = shares[k] ?? Number.NaN;
    if (!Number.isFinite(share)) return null;
    if (share > (shares[task] ?? 0)) task = k;
  }
  const share = shares[task];
  if (share === undefined) return null;
  return { task, share, strength: strengthOf(share, shares.length) };
}

/** Strength of a share among K tasks, within [0, 1]. With one task it is 1: there is nobody to share with. */
export function strengthOf(share: number, tasks: number): number {
  if (tasks <= 1) return 1;
  const even = 1 / tasks;
  return Math.min(1, Math.max(0, (share - even) / (1 - even)));
}
