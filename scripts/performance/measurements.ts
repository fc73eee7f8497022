import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Machine } from "../../test/bench/engine/machine.ts";
import type { CaseLine } from "../../test/bench/engine/worker.ts";
import type { ExampleRun } from "../../test/bench/example/comparison.ts";
import type { GrowthLine } from "../../test/bench/growth/series.ts";

/** What benchmarks have saved below `docs/performance/`; undefined where one has not. */
export interface Measurements {
  readonly engine: Saved<CaseLine> | undefined;
  readonly growth: Saved<GrowthLine> | undefined;
  readonly example:
    (Saved<ExampleRun> & { readonly backend: string; readonly commits: Readonly<Record<ExampleRun["which"], string>> }) | undefined;
}

export interface Saved<Line> {
  /** ISO 8601. */
  readonly at: string;
  readonly machine: Machine & { readonly peers?: Readonly<Record<string, string>> };
  readonly seconds: number;
  readonly rounds: number;
  readonly results: readonly Line[];
}

export function readMeasurements(folder: string): Measurements {
  const read = (name: string): unknown => {
    const file = join(folder, name);
    return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as unknown) : undefined;
  };
  return {
    engine: read("engine.json") as Measurements["engine"],
    growth: read("growth.json") as Measurements["growth"],
    example: read("example.json") as Measurements["example"],
  };
}
