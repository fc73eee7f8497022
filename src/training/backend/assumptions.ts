import type { Tensor } from "@tensorflow/tfjs-core";

let heard: ((total: Tensor) => void) | undefined;

/**
 * Whether a sum is finite. Where operations are recorded, it is taken for granted, and looked at in every later run of the recording:
 * what the operations are must not depend on a value.
 */
export function isFiniteTotal(total: Tensor): boolean {
  if (heard === undefined) return Number.isFinite(total.dataSync()[0]);
  heard(total);
  return true;
}

/** Tells of every sum that `work` takes for finite. */
export function assumingFinite<T>(hear: (total: Tensor) => void, work: () => T): T {
  heard = hear;
  try {
    return work();
  } finally {
    heard = undefined;
  }
}
