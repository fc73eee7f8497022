import { type RunDescription, series } from "../../src/experiment/record.ts";
import { metricWords, type NumberStyle } from "../format.ts";
import { say } from "../strings.ts";

/** A series on a chart. */
export interface CurveLine {
  readonly name: string;
  readonly label: string;
  /** Short form for the line's end, where the label is too long for it. */
  readonly short?: string;
  readonly task: number | null;
}

/** A chart of the Curves view before its points are known. */
export interface CurveChart {
  readonly id: string;
  readonly title: string;
  readonly unit: string;
  readonly style: NumberStyle;
  /** Scale of the y axis unless the reader sets another. */
  readonly log: boolean;
  /** Null bounds: as the data ask. */
  readonly bounds: readonly [low: number, high: number] | null;
  readonly zero: string | null;
  /** Starts the axis at 0, where the size counts and not the change. */
  readonly fromZero: boolean;
  /** What is set by a schedule is drawn as it is. */
  readonly smoothed: boolean;
  /** Whether the recorded line says something behind the smoothed one; one of zeros and ones does not. */
  readonly recorded: boolean;
  readonly lines: readonly CurveLine[];
}

/** Short names of more pairs than these say little at the ends of their lines. */
const mostNamed = 6;

/**
 * The charts a run has something to show on, in reading order: is it learning, who owns, what the balancer does, the
 * technical rest.
 *
 * @param recorded names of the series the run records
 * @param tasks ids of the tasks shown; empty for all
 */
export function curveCharts(description: RunDescription, recorded: readonly string[], tasks: readonly string[]): readonly CurveChart[] {
  const known = new Set(recorded);
  const shown = (id: string): boolean => tasks.length === 0 || tasks.includes(id);
  const perTask = (name: (task: string) => string): CurveChart["lines"] =>
    description.tasks.flatMap(({ id }, task) => (shown(id) ? [{ name: name(id), label: id, task }] : []));
  const single = (name: string): CurveChart["lines"] => [{ name, label: "", task: null }];
  const chart = (
    id: string,
    title: string,
    unit: string,
    style: NumberStyle,
    lines: CurveChart["lines"],
    more: Partial<CurveChart> = {},
  ): CurveChart => ({
    id,
    title,
    unit,
    style,
    log: false,
    bounds: null,
    zero: null,
    fromZero: false,
    smoothed: true,
    recorded: true,
    ...more,
    lines: lines.filter(({ name }) => known.has(name)),
  });
  const cosines = pairs(description, shown);
  const [onlyPair] = cosines;
  return [
    chart("loss", say("lossTitle"), say("trainUnit"), "quantity", perTask(series.loss), { log: true }),
    ...metricNames(description).map(({ name, share }) =>
      chart(
        `metric-${name}`,
        titled(metricWords(name)),
        share ? say("percentValidation") : say("validationUnit"),
        share ? "percent" : "quantity",
        description.tasks.flatMap(({ id, metrics }, task) =>
          shown(id) && metrics.some((metric) => metric.name === name)
            ? [{ name: series.metric("validation", id, name), label: id, task }]
            : [],
        ),
      ),
    ),
    chart("owned", say("trunkOwned"), say("trunkOwnedUnit"), "percent", perTask(series.trunkDominated), { bounds: [0, 1] }),
    chart("share", say("trunkShare"), say("trunkShareUnit"), "percent", perTask(series.trunkDominance), { bounds: [0, 1] }),
    chart("validation-loss", say("validationLoss"), "", "quantity", perTask(series.validationLoss), {
      log: true,
    }),
    chart("weight", say("weightTitle"), say("weightUnit"), "quantity", perTask(series.weight), { smoothed: false, fromZero: true }),
    chart("norm", say("normTitle"), say("normUnit"), "quantity", perTask(series.gradientNorm), { fromZero: true }),
    chart(
      "cosine",
      cosines.length === 1 && onlyPair ? say("cosinePair", onlyPair.a, onlyPair.b) : say("cosineTitle"),
      cosines.length === 1 ? "−1 to 1" : say("cosineUnit"),
      "two",
      cosines.map(({ name, a, b }) => ({
        name,
        label: cosines.length === 1 ? "" : `${a} · ${b}`,
        short: cosines.length > mostNamed ? "" : `${a.slice(0, 3)}·${b.slice(0, 3)}`,
        task: null,
      })),
      { zero: say("conflictBelow") },
    ),
    chart("help", say("helpTitle"), say("helpUnit"), "two", perTask(series.help), { zero: "" }),
    chart("conflict", say("conflictTitle"), say("conflictUnit"), "percent", single(series.conflictRate), {
      bounds: [0, 1],
      recorded: description.tasks.length > 2,
    }),
    chart("direction", say("directionTitle"), say("directionUnit"), "quantity", single(series.directionNorm), { fromZero: true }),
    chart("unclipped", say("unclippedTitle"), say("unclippedUnit"), "quantity", single(series.unclippedNorm), { fromZero: true }),
    chart("clipped", say("clippedTitle"), say("clippedUnit"), "percent", single(series.clippedShare), { bounds: [0, 1] }),
    chart("rate", say("learningRate"), description.optimizer ?? "", "quantity", single(series.learningRate), {
      smoothed: false,
      fromZero: true,
    }),
    chart("speed", say("speedTitle"), say("speedUnit"), "one", single(series.stepsPerSecond), { fromZero: true }),
  ].filter(({ lines }) => lines.length > 0);
}

function pairs({ tasks }: RunDescription, shown: (id: string) => boolean): { name: string; a: string; b: string }[] {
  return tasks.flatMap(({ id: a }, i) =>
    tasks.slice(i + 1).flatMap(({ id: b }) => (shown(a) || shown(b) ? [{ name: series.cosine(a, b), a, b }] : [])),
  );
}

/** Metrics of all tasks, each name once, headline metrics first. */
function metricNames({ tasks }: RunDescription): { name: string; share: boolean }[] {
  const found = new Map<string, boolean>();
  const add = (headline: boolean): void => {
    for (const task of tasks) {
      for (const metric of task.metrics) {
        if ((metric.name === task.headlineMetric) === headline && !found.has(metric.name)) found.set(metric.name, metric.unit === "share");
      }
    }
  };
  add(true);
  add(false);
  return [...found].map(([name, share]) => ({ name, share }));
}

function titled(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}
