import { grouped } from "../../../src/training/explain/grouped.ts";
import type { CaseLine } from "./worker.ts";

/** How a case of ours stands to the fastest engine of the peers with the same problem, method and number of threads. */
export interface Ratio {
  readonly problem: string;
  readonly method: string;
  readonly threads: number;
  readonly engine: string;
  readonly steps_per_s: number;
  readonly peer: string;
  readonly peer_steps_per_s: number;
  /** Ours over theirs: above 1 ours is faster. */
  readonly ratio: number;
  /** The same in steps per second of processor time, which a busy machine moves less. Says something at one thread alone. */
  readonly ratio_by_cpu: number;
  /** Processor seconds a second that both got: below the number of threads they waited, for each other's threads or for other programs. */
  readonly cpu_per_wall: number;
  readonly peer_cpu_per_wall: number;
  /** What must be known to read it. */
  readonly note?: string;
}

/** From any number of rounds: of each engine the median of what was measured, of the peers the fastest. */
export function ratios(lines: readonly CaseLine[]): readonly Ratio[] {
  const cases = grouped(lines, ({ problem, method, threads }) => [problem, method, threads].join(":"));
  return [...cases.values()].flatMap((lines): readonly Ratio[] => {
    const engines = [...grouped(lines, ({ engine }) => engine)].flatMap(([engine, rounds]) => {
      const speeds = rounds.flatMap((line) => (line.error === undefined ? [line.steps_per_s] : []));
      const byCpu = rounds.flatMap((line) => (line.error === undefined ? [line.steps_per_s / median(line.cpu_per_wall)] : []));
      return speeds.length === 0 ? [] : [{ engine, speed: median(speeds), byCpu: median(byCpu), cores: coresOf(rounds), rounds }];
    });
    const [fastest] = engines.filter(({ engine }) => !isOurs(engine)).toSorted((a, b) => b.speed - a.speed);
    if (fastest === undefined) return [];
    return engines
      .filter(({ engine }) => isOurs(engine))
      .flatMap(({ engine, speed, byCpu, cores, rounds: [line] }) => {
        if (line === undefined) return [];
        const { problem, method, threads } = line;
        const [theirs] = fastest.rounds;
        return {
          problem,
          method,
          threads,
          engine,
          steps_per_s: speed,
          peer: fastest.engine,
          peer_steps_per_s: fastest.speed,
          ratio: Number((speed / fastest.speed).toFixed(3)),
          ratio_by_cpu: Number((byCpu / fastest.byCpu).toFixed(3)),
          cpu_per_wall: cores,
          peer_cpu_per_wall: fastest.cores,
          ...(theirs?.note === undefined ? {} : { note: theirs.note }),
        };
      });
  });
}

function coresOf(rounds: readonly CaseLine[]): number {
  const cores = rounds.flatMap((line) => (line.error === undefined ? line.cpu_per_wall : []));
  return Number(median(cores).toFixed(2));
}

export function isOurs(engine: string): boolean {
  return engine.startsWith("taskscope ");
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle];
  if (upper === undefined) throw new RangeError("There is no median of nothing.");
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}

/** For a terminal. */
export function ratioTable(ratios: readonly Ratio[]): string {
  const rows = ratios.map(({ problem, method, threads, engine, steps_per_s, peer, peer_steps_per_s, ratio }) => [
    problem,
    method,
    String(threads),
    engine,
    steps_per_s.toPrecision(3),
    peer,
    peer_steps_per_s.toPrecision(3),
    ratio.toFixed(2),
  ]);
  const all = [["problem", "method", "threads", "ours", "steps/s", "fastest peer", "steps/s", "ratio"], ...rows];
  const widths = all[0]?.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0))) ?? [];
  return all.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ")).join("\n");
}
