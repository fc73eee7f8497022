import type { RandomStream } from "../balancers/kernels/random-stream.ts";
import { squaredNorm, type JacobianRow } from "./gradients/gram.ts";
import type { MultiTaskModel } from "./model/model.ts";
import { StatisticsSnapshot } from "./model/statistics-snapshot.ts";
import { inTensorScope } from "./tensor-scope.ts";
import type { TrainedParameter } from "./trained-parameter.ts";

/** What further forward passes on a batch saw. */
export interface Glimpses {
  /** Losses of the step's tasks at each place looked at. */
  readonly looks: readonly (readonly number[])[];
  /** Factor of the direction at each place; none for a look at where the parameters are. */
  readonly distances: readonly number[];
}

export interface LookParts {
  readonly model: MultiTaskModel;
  /** The parameters that move along the direction. */
  readonly common: readonly TrainedParameter[];
  /** What dropout draws from, and its state before the step's own forward pass: the same masks again. */
  readonly noise: RandomStream;
  readonly noiseBefore: readonly number[];
  /** Losses of the step's tasks from a forward pass in training mode. */
  readonly losses: () => readonly number[];
}

/** Looks where the parameters are now. */
export function lookHere(parts: LookParts): Glimpses {
  return { looks: [lossesNow(parts)], distances: [] };
}

/**
 * Looks at θ + o ‖θ‖/‖d‖ d for each offset o, and puts the parameters back as they were, bit for bit.
 * Undefined where there is no direction to look along.
 */
export function lookAlong(parts: LookParts, direction: JacobianRow, offsets: readonly number[]): Glimpses | undefined {
  const length = Math.sqrt(squaredNorm(direction));
  if (length === 0) return undefined;
  const before = parts.common.map(({ values }) => values.slice());
  const distances = offsets.map((offset) => (offset * Math.sqrt(squaredNorm(before))) / length);
  const put = (distance: number): void => {
    parts.common.forEach((parameter, index) => {
      const block = direction[index];
      const from = before[index];
      if (block !== undefined && from !== undefined) parameter.set(from.map((value, i) => value + distance * (block[i] ?? 0)));
    });
  };
  try {
    const looks = distances.map((distance) => {
      put(distance);
      return lossesNow(parts);
    });
    return { looks, distances };
  } finally {
    put(0);
  }
}

/** The same dropout masks as in the step, and moving statistics as they were. */
function lossesNow({ model, noise, noiseBefore, losses }: LookParts): readonly number[] {
  return inTensorScope(() => {
    const kept = new StatisticsSnapshot(model.statistics);
    const drawnOn = noise.save();
    noise.restore(noiseBefore);
    const values = losses();
    noise.restore(drawnOn);
    kept.restore();
    return values;
  });
}
