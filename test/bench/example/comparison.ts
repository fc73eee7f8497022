/** What a run of the example says at its end. */
export interface ExampleRun {
  readonly which: "before" | "after";
  readonly seed: number;
  /** Of the whole training, with reading the data and testing. */
  readonly seconds: number;
  /** On the test rows, by task. */
  readonly accuracy: Readonly<Record<string, number>>;
  readonly loadavg1: number;
}

export interface Spread {
  readonly mean: number;
  /** Of the sample; NaN of a single value. */
  readonly deviation: number;
}

export interface Comparison {
  readonly seeds: readonly number[];
  readonly before: Side;
  readonly after: Side;
  /** Time before over time after: above 1 it became faster. */
  readonly speedUp: number;
  /** By task: how far the means are apart, in standard errors of their difference; undefined of a single seed. */
  readonly standardErrors: Readonly<Record<string, number>> | undefined;
}

interface Side {
  readonly seconds: Spread;
  readonly accuracy: Readonly<Record<string, Spread>>;
}

export function spreadOf(values: readonly number[]): Spread {
  if (values.length === 0) throw new RangeError("There is no mean of nothing.");
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, deviation: Math.sqrt(squares / (values.length - 1)) };
}

/** Of runs with the same seeds on both sides. */
export function compare(runs: readonly ExampleRun[]): Comparison {
  const [before, after] = [of("before"), of("after")];
  const seeds = before.map(({ seed }) => seed);
  if (seeds.join() !== after.map(({ seed }) => seed).join())
    throw new RangeError("Both sides must have runs with the same seeds, in the same order.");
  const [sideBefore, sideAfter] = [sideOf(before), sideOf(after)];
  return {
    seeds,
    before: sideBefore,
    after: sideAfter,
    speedUp: sideBefore.seconds.mean / sideAfter.seconds.mean,
    standardErrors: seeds.length < 2 ? undefined : apart(sideBefore.accuracy, sideAfter.accuracy, seeds.length),
  };

  function of(which: ExampleRun["which"]): readonly ExampleRun[] {
    return runs.filter((run) => run.which === which).toSorted((a, b) => a.seed - b.seed);
  }
}

function sideOf(runs: readonly ExampleRun[]): Side {
  const tasks = Object.keys(runs[0]?.accuracy ?? {});
  return {
    seconds: spreadOf(runs.map(({ seconds }) => seconds)),
    accuracy: Object.fromEntries(tasks.map((task) => [task, spreadOf(runs.map(({ accuracy }) => accuracy[task] ?? Number.NaN))])),
  };
}

function apart(before: Side["accuracy"], after: Side["accuracy"], seeds: number): Readonly<Record<string, number>> {
  return Object.fromEntries(
    Object.entries(before).map(([task, { mean, deviation }]) => {
      const other = after[task] ?? { mean: Number.NaN, deviation: Number.NaN };
      return [task, Math.abs(mean - other.mean) / Math.sqrt((deviation ** 2 + other.deviation ** 2) / seeds)];
    }),
  );
}

/** For a terminal. */
export function comparisonText({ seeds, before, after, speedUp, standardErrors }: Comparison): string {
  const told = ({ mean, deviation }: Spread, digits: number): string =>
    `${mean.toFixed(digits)}${Number.isNaN(deviation) ? "" : ` ± ${deviation.toFixed(digits)}`}`;
  const accuracies = Object.keys(before.accuracy).map((task) => {
    const [one, other] = [before.accuracy[task], after.accuracy[task]];
    const errors = standardErrors?.[task];
    const distance = errors === undefined ? "" : `, ${errors.toFixed(1)} standard errors apart`;
    return one === undefined || other === undefined ? "" : `accuracy ${task}: before ${told(one, 4)}, after ${told(other, 4)}${distance}`;
  });
  return [
    `seeds ${seeds.join(", ")}`,
    `training time: before ${told(before.seconds, 1)} s, after ${told(after.seconds, 1)} s, ${speedUp.toFixed(2)} times as fast`,
    ...accuracies,
  ].join("\n");
}
