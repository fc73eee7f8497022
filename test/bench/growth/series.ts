import type { CaseLine } from "../engine/worker.ts";
import { grouped } from "../../../src/training/explain/grouped.ts";
import type { Size } from "./sizes.ts";
import { growth, type Growth, type Point } from "./verdict.ts";

export type GrowthLine = Size & CaseLine;

/** All sizes of one axis with one engine and method. */
export interface GrowthSeries {
  readonly axis: Size["axis"];
  readonly engine: string;
  readonly method: string;
  /** By size, which for parameters is their true number. */
  readonly points: readonly Point[];
  readonly growth: readonly Growth[];
}

/** Of several rounds a size's time is the fastest run's: other programs only ever add to it. */
export function seriesIn(lines: readonly GrowthLine[]): readonly GrowthSeries[] {
  const measured = lines.flatMap((line) =>
    line.error === undefined
      ? [{ ...line, size: line.axis === "parameters" ? line.parameters : line.size, secondsPerStep: 1 / Math.max(...line.runs) }]
      : [],
  );
  return [...grouped(measured, ({ axis, engine, method }) => [axis, engine, method].join(":")).values()].flatMap((rounds) => {
    const [first] = rounds;
    if (first === undefined) return [];
    const { axis, engine, method } = first;
    const points = [...grouped(rounds, ({ size }) => String(size)).values()].flatMap((same): Point[] => {
      const [{ size } = { size: 0 }] = same;
      return [{ size, secondsPerStep: Math.min(...same.map(({ secondsPerStep }) => secondsPerStep)) }];
    });
    return [{ axis, engine, method, points: points.toSorted((a, b) => a.size - b.size), growth: growth(points) }];
  });
}
