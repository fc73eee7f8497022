import { median, ratios, isOurs, type Ratio } from "../../test/bench/engine/ratios.ts";
import type { CaseLine } from "../../test/bench/engine/worker.ts";
import type { Shares } from "../../test/bench/engine/parts.ts";
import { compare, type Spread } from "../../test/bench/example/comparison.ts";
import { grouped } from "../../src/training/explain/grouped.ts";
import { seriesIn } from "../../test/bench/growth/series.ts";
import { scatter } from "../../test/bench/growth/verdict.ts";
import type { Measurements, Saved } from "./measurements.ts";

/** The parts of `docs/performance.md` that are made of measurements, by the names of their places in it. */
export function sections({ engine, growth, example }: Measurements): Readonly<Record<string, string>> {
  return {
    machine: engine === undefined ? notMeasured : machineOf(engine),
    "ratios-native": engine === undefined ? notMeasured : ratiosOf(engine, "native"),
    "ratios-wasm": engine === undefined ? notMeasured : ratiosOf(engine, "wasm"),
    parts: engine === undefined ? notMeasured : partsOf(engine),
    threads: engine === undefined ? notMeasured : threadsOf(engine),
    growth: growth === undefined ? notMeasured : growthOf(growth),
    example: example === undefined ? notMeasured : exampleOf(example),
  };
}

const notMeasured = "Not measured yet.";

function machineOf({ at, machine, rounds, seconds, results }: Saved<CaseLine>): string {
  const { processor, cores, caches, memoryGiB, system, node, tensorflow, commit, peers = {} } = machine;
  const loads = results.flatMap((line) => (line.error === undefined ? [line.loadavg1] : []));
  const versions = Object.entries(peers).map(([name, version]) => `${name} ${version}`);
  return [
    `- Measured ${at.slice(0, 10)} at commit ${commit}: ${counted(rounds)}, ${seconds} seconds a case.`,
    `- ${processor}, ${cores} cores, ${caches.length === 0 ? "caches unknown" : caches.join(", ")}, ${memoryGiB} GiB, ${system}.`,
    `- Node ${node}, TensorFlow ${tensorflow ?? "none"}${versions.length === 0 ? "" : `; ${versions.join(", ")}`}.`,
    `- Load average while it was measured: ${figure(median(loads))}, at most ${figure(Math.max(...loads))}. Above the number of threads, other programs used the cores too.`,
  ].join("\n");
}

function ratiosOf({ results }: Saved<CaseLine>, backend: string): string {
  const ours = ratios(results).filter(({ engine }) => engine === `taskscope ${backend}`);
  if (ours.length === 0) return notMeasured;
  const notes = [...new Set(ours.flatMap(({ note }) => note ?? []))];
  const cells = (each: Ratio): readonly string[] => [
    each.problem,
    `\`${each.method}\``,
    String(each.threads),
    figure(each.steps_per_s),
    `${each.peer}${each.note === undefined ? "" : " (*)"}`,
    figure(each.peer_steps_per_s),
    `**${each.ratio.toFixed(2)}**`,
    each.threads === 1 ? each.ratio_by_cpu.toFixed(2) : "",
    `${each.cpu_per_wall.toFixed(2)}, ${each.peer_cpu_per_wall.toFixed(2)}`,
  ];
  const head = [
    "problem",
    "method",
    "threads",
    "steps/s",
    "fastest peer",
    "its steps/s",
    "ratio",
    "by processor time",
    "cores busy, ours and theirs",
  ];
  return [table(head, ours.map(cells)), ...notes.map((note) => `(*) ${note}`)].join("\n\n");
}

function partsOf({ results }: Saved<CaseLine>): string {
  const parts = [
    "gradients",
    "balancing",
    "combination",
    "optimizer",
    "checks",
    "data",
    "collector",
    "rest",
  ] as const satisfies (keyof Shares)[];
  const rows = [...grouped(measured(results), keyOf).values()].flatMap((lines) => {
    const [line] = lines;
    if (line?.threads !== 1) return [];
    const share = (part: keyof Shares): string => (100 * median(lines.map((each) => each.parts[part]))).toFixed(0);
    const [start, end] = line.tensors;
    const rss = String(Math.max(...lines.map(({ peak_rss_mib }) => peak_rss_mib)));
    return [
      [line.problem, `\`${line.method}\``, backendOf(line), ...parts.map(share), rss, start === end ? String(end) : `${start} to ${end}`],
    ];
  });
  return table(["problem", "method", "backend", ...parts, "peak MiB", "tensors"], rows);
}

function threadsOf({ results }: Saved<CaseLine>): string {
  const speed = new Map(
    [...grouped(measured(results), keyOf)].map(([key, lines]) => [key, median(lines.map(({ steps_per_s }) => steps_per_s))]),
  );
  const rows = [...grouped(measured(results), keyOf).values()].flatMap(([line]) => {
    if (line?.threads !== 2) return [];
    const [one, two] = [speed.get(keyOf({ ...line, threads: 1 })), speed.get(keyOf(line))];
    if (one === undefined || two === undefined) return [];
    return [[line.problem, `\`${line.method}\``, backendOf(line), figure(one), figure(two), (two / one).toFixed(2)]];
  });
  const told = [...new Set(results.flatMap((line) => (line.error !== undefined && isOurs(line.engine) ? [line.error] : [])))];
  return [...(rows.length === 0 ? [] : [table(["problem", "method", "backend", "1 thread", "2 threads", "times"], rows)]), ...told].join(
    "\n\n",
  );
}

function growthOf({ results, seconds, rounds, machine }: Saved<GrowthSaved>): string {
  const series = seriesIn(results);
  const rows = series.flatMap(({ axis, engine, method, points, growth }) => {
    const worst = growth.toSorted((a, b) => b.overLinear - a.overLinear)[0];
    if (worst === undefined) return [];
    const speeds = points.map(({ secondsPerStep }) => figure(1 / secondsPerStep)).join(", ");
    const verdict = growth.filter(({ isWorseThanLinear }) => isWorseThanLinear).map(({ from, to }) => `${numeral(from)} to ${numeral(to)}`);
    return [
      [
        axis,
        engine.replace("taskscope ", ""),
        `\`${method}\``,
        speeds,
        worst.exponent.toFixed(2),
        verdict.length === 0 ? "nowhere" : verdict.join(", "),
      ],
    ];
  });
  const worse = series.flatMap(({ growth }) => growth.filter(({ isWorseThanLinear }) => isWorseThanLinear));
  const verdict =
    worse.length === 0
      ? "**Nowhere worse than linear**: between no two neighbours does the time of a step grow more than the size does."
      : `**Worse than linear between ${worse.length} pairs of neighbours**: there the time of a step grows more than the size does.`;
  return [
    verdict,
    `(A tenth is allowed for scatter: ${scatter * 100} %. ${counted(rounds)} of ${seconds} s a case, the fastest run of each counts; commit ${machine.commit}.)`,
    ...(["tasks", "parameters"] as const)
      .filter((grown) => series.some(({ axis }) => axis === grown))
      .map((grown) => `![Steps per second by number of ${grown}, both axes logarithmic](growth-${grown}.svg)`),
    table(["what grows", "backend", "method", "steps/s from the smallest on", "largest exponent", "worse than linear"], rows),
  ].join("\n\n");
}

type GrowthSaved = NonNullable<Measurements["growth"]>["results"][number];

function exampleOf({ results, backend, commits }: NonNullable<Measurements["example"]>): string {
  const { seeds, before, after, speedUp, standardErrors } = compare(results);
  const told = ({ mean, deviation }: Spread, digits: number): string =>
    `${mean.toFixed(digits)}${Number.isNaN(deviation) ? "" : ` ± ${deviation.toFixed(digits)}`}`;
  const accuracies = Object.entries(before.accuracy).flatMap(([task, accuracy]) => {
    const other = after.accuracy[task];
    const errors = standardErrors?.[task];
    if (other === undefined) return [];
    return [
      [`accuracy, ${task}`, told(accuracy, 4), told(other, 4), errors === undefined ? "" : `${errors.toFixed(1)} standard errors apart`],
    ];
  });
  return [
    table(
      ["", `before (${commits.before})`, `after (${commits.after})`, ""],
      [["training time, s", told(before.seconds, 1), told(after.seconds, 1), `**${speedUp.toFixed(2)} times as fast**`], ...accuracies],
    ),
    `Backend ${backend}, seeds ${seeds.join(", ")}, in turns; mean ± standard deviation over the seeds, accuracy on the test rows.`,
  ].join("\n\n");
}

type MeasuredLine = Extract<CaseLine, { readonly parts: Shares }>;

/** Ours, where they were measured. */
function measured(lines: readonly CaseLine[]): readonly MeasuredLine[] {
  return lines.filter((line): line is MeasuredLine => line.error === undefined && isOurs(line.engine));
}

function keyOf({ problem, method, threads, engine }: Pick<CaseLine, "problem" | "method" | "threads" | "engine">): string {
  return [problem, method, threads, engine].join(":");
}

function backendOf({ engine }: CaseLine): string {
  return engine.replace("taskscope ", "");
}

/** Three digits that count. */
function figure(value: number): string {
  return String(Number(value.toPrecision(3)));
}

function counted(rounds: number): string {
  return `${rounds} ${rounds === 1 ? "round" : "rounds"}`;
}

function numeral(size: number): string {
  return size.toLocaleString("en");
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}
