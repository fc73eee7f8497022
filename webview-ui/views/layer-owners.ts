import { type RunDescription, series } from "../../src/experiment/record.ts";
import type { SeriesStore } from "../state/series-store.ts";
import { commonParameters } from "../state/wanted-series.ts";

/** What the tasks own of one layer of the trunk, as of the last recorded step. */
export interface LayerOwners {
  readonly layer: string;
  /** Common weights in it. */
  readonly weights: number;
  /** Part of them that each task owns (rAU above the threshold). */
  readonly owned: readonly number[];
  /** Mean rAU of each task. */
  readonly shares: readonly number[];
  /** Its largest tensor, which Ownership opens at. */
  readonly parameter: string;
}

/** The trunk's layers from input to output. Empty while nothing of ownership is recorded. */
export function layerOwners(description: RunDescription, store: SeriesStore): readonly LayerOwners[] {
  const common = commonParameters(description);
  const layers = [...new Set(common.map(({ layer }) => layer))];
  return layers.flatMap((layer) => {
    const parameters = common.filter((parameter) => parameter.layer === layer);
    const weights = parameters.reduce((sum, { size }) => sum + size, 0);
    const mean = (of: (parameter: string, task: string) => string): number[] | null => {
      const sums = description.tasks.map(({ id }) =>
        parameters.reduce((sum, { name, size, tasks }) => {
          // Of what it does not reach, a task has nothing, and nothing is recorded.
          const share = tasks.includes(id) ? (store.last(of(name, id)) ?? Number.NaN) : 0;
          return sum + size * share;
        }, 0),
      );
      return sums.every(Number.isFinite) ? sums.map((sum) => sum / weights) : null;
    };
    const owned = mean(series.dominated);
    const shares = mean(series.dominance);
    const [largest] = [...parameters].sort((a, b) => b.size - a.size);
    return owned && shares && largest ? [{ layer, weights, owned, shares, parameter: largest.name }] : [];
  });
}
