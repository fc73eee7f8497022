import { fc, test } from "@fast-check/vitest";
import { describe, expect, test as plainTest } from "vitest";
import { RunReader } from "../../../src/runs/store/run-reader.ts";
import { RunWriter } from "../../../src/runs/store/run-writer.ts";
import { TemporaryWorkspace } from "./temporary-run.ts";

interface Series {
  readonly steps: readonly number[];
  readonly values: readonly number[];
  /** After which points the writer commits. */
  readonly commits: ReadonlySet<number>;
}

const anyValue = fc.oneof(
  { weight: 8, arbitrary: fc.double({ noNaN: true, noDefaultInfinity: true }) },
  { weight: 1, arbitrary: fc.constantFrom(NaN, Infinity, -Infinity) },
);

/** Long enough to fill chunks and to leave open rows; commits anywhere. */
const anySeries: fc.Arbitrary<Series> = fc
  .record({
    gaps: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 3000, size: "max" }),
    pool: fc.array(anyValue, { minLength: 1, maxLength: 50 }),
    commitEvery: fc.integer({ min: 1, max: 1500 }),
  })
  .map(({ gaps, pool, commitEvery }) => {
    let step = 0;
    const steps = gaps.map((gap) => (step += gap));
    const values = steps.map((_, i) => pool[(i * 7919) % pool.length] ?? 0);
    return { steps, values, commits: new Set([...steps.keys()].filter((i) => i % commitEvery === commitEvery - 1)) };
  });

function recorded<T>({ steps, values, commits }: Series, read: (reader: RunReader) => T): T {
  using workspace = new TemporaryWorkspace();
  const folder = workspace.bareRun();
  const writer = RunWriter.open(folder);
  steps.forEach((step, i) => {
    writer.scalar("loss/a", step, values[i] ?? NaN);
    if (commits.has(i)) writer.commit(0);
  });
  writer.commit(0);
  writer.close();
  using reader = RunReader.open(folder);
  return read(reader);
}

describe("a scalar series", () => {
  test.prop([anySeries], { numRuns: 25, endOnFailure: true })(
    "is read back to the last bit, however it was cut into chunks and commits",
    (series) => {
      const points = recorded(series, (reader) => reader.points("loss/a"));
      expect([...points.steps]).toEqual(series.steps);
      expect([...points.values]).toEqual(series.values);
    },
  );

  test.prop([anySeries, fc.nat(6000), fc.nat(6000)], { numRuns: 25, endOnFailure: true })(
    "gives exactly the points of a span",
    (series, a, b) => {
      const [from, to] = [Math.min(a, b), Math.max(a, b)];
      const points = recorded(series, (reader) => reader.points("loss/a", from, to));
      const inside = [...series.steps.keys()].filter((i) => (series.steps[i] ?? 0) >= from && (series.steps[i] ?? 0) <= to);
      expect([...points.steps]).toEqual(inside.map((i) => series.steps[i]));
      expect([...points.values]).toEqual(inside.map((i) => series.values[i]));
    },
  );

  test.prop([anySeries, fc.integer({ min: 1, max: 40 }), fc.nat(6000), fc.nat(6000)], { numRuns: 60, endOnFailure: true })(
    "is reduced for drawing without losing first, last, least, greatest or what is not finite, and without inventing points",
    (series, columns, a, b) => {
      const [from, to] = [Math.min(a, b), Math.max(a, b)];
      const { window, points, latest } = recorded(series, (reader) => ({
        window: reader.window("loss/a", from, to, columns),
        points: reader.points("loss/a", from, to),
        latest: reader.latest("loss/a"),
      }));
      const real = [...points.values];
      const drawn = [...window.points.values];
      expect(window.total).toBe(real.length);
      expect(isPartOf(window.points, points)).toBe(true);
      expect([drawn[0], drawn.at(-1)]).toEqual([real[0], real.at(-1)]);
      const finite = real.filter(Number.isFinite);
      expect(Math.max(...drawn.filter(Number.isFinite))).toBe(Math.max(...finite));
      expect(Math.min(...drawn.filter(Number.isFinite))).toBe(Math.min(...finite));
      for (const odd of [NaN, Infinity, -Infinity])
        expect(drawn.some((value) => Object.is(value, odd))).toBe(real.some((value) => Object.is(value, odd)));
      expect(drawn.length).toBeLessThanOrEqual(Math.max(4, 7) * columns);
      expect(window.reduced).toBe(drawn.length < real.length);
      expect(latest).toEqual({ step: series.steps.at(-1), value: series.values.at(-1) });
    },
  );

  plainTest("each column keeps its own extremes where every point is read", () => {
    const steps = Array.from({ length: 2000 }, (_, i) => i);
    const values = steps.map((i) => Math.sin(i * 12.9898) * 43758.5453);
    const columns = 100;
    const { points } = recorded({ steps, values, commits: new Set([500, 1700]) }, (reader) => reader.window("loss/a", 0, 2000, columns));
    for (let column = 0; column < columns; column++) {
      const inColumn = (step: number): boolean => Math.floor(step / 20) === column;
      const real = values.filter((_, i) => inColumn(i));
      const drawn = [...points.values].filter((_, i) => inColumn(points.steps[i] ?? -1));
      expect([Math.min(...drawn), Math.max(...drawn), drawn[0], drawn.at(-1)]).toEqual([
        Math.min(...real),
        Math.max(...real),
        real[0],
        real.at(-1),
      ]);
    }
  });

  plainTest("after() gives what came later, and nothing twice", () => {
    using workspace = new TemporaryWorkspace();
    const folder = workspace.bareRun();
    const writer = RunWriter.open(folder);
    using reader = RunReader.open(folder);
    const seen: number[] = [];
    for (let step = 0; step < 3000; step++) {
      writer.scalar("loss/a", step, step);
      if (step % 97 !== 0) continue;
      writer.commit(0);
      seen.push(...reader.after("loss/a", seen.at(-1) ?? -1).steps);
    }
    writer.commit(0);
    seen.push(...reader.after("loss/a", seen.at(-1) ?? -1).steps);
    expect(seen).toEqual(Array.from({ length: 3000 }, (_, i) => i));
    writer.close();
  });

  plainTest("refuses a step that goes back, and vectors of another width", () => {
    using workspace = new TemporaryWorkspace();
    const writer = RunWriter.open(workspace.bareRun());
    writer.scalar("loss/a", 5, 1);
    expect(() => writer.scalar("loss/a", 4, 1)).toThrow(RangeError);
    expect(() => writer.scalar("loss/a", NaN, 1)).toThrow(RangeError);
    expect(() => writer.vector("loss/a", 6, Float32Array.of(1, 2))).toThrow(/holds 1 numbers a step, and was given 2/);
    writer.close();
  });

  plainTest("a series that is not there is empty, not an error", () => {
    using workspace = new TemporaryWorkspace();
    using reader = RunReader.open(workspace.bareRun());
    expect(reader.points("nothing").steps.length).toBe(0);
    expect(reader.window("nothing", 0, 1, 10).total).toBe(0);
    expect([reader.vectorAt("nothing"), reader.latest("nothing"), reader.snapshot("nothing")]).toEqual([undefined, undefined, undefined]);
  });
});

describe("a vector series", () => {
  test.prop([fc.integer({ min: 1, max: 400 }), fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 100 })], {
    numRuns: 20,
    endOnFailure: true,
  })("is read back row by row, and at any step", (width, rows, commitEvery) => {
    using workspace = new TemporaryWorkspace();
    const folder = workspace.bareRun();
    const writer = RunWriter.open(folder);
    const row = (i: number): Float32Array => Float32Array.from({ length: width }, (_, k) => i + k / width);
    for (let i = 0; i < rows; i++) {
      writer.vector("h", i * 10, row(i));
      if (i % commitEvery === 0) writer.commit(0);
    }
    writer.commit(0);
    writer.close();
    using reader = RunReader.open(folder);
    const all = reader.vectors("h");
    expect(all?.steps.length).toBe(rows);
    expect(all?.values).toEqual(Float32Array.from({ length: rows * width }, (_, i) => Math.floor(i / width) + (i % width) / width));
    const middle = Math.floor(rows / 2);
    expect(reader.vectorAt("h", middle * 10 + 5)).toEqual({ step: middle * 10, width, values: row(middle) });
    expect(reader.vectorAt("h")).toEqual({ step: (rows - 1) * 10, width, values: row(rows - 1) });
    expect(reader.vectorAt("h", -1)).toBeUndefined();
  });
});

plainTest("a million points are written, drawn and refined fast", () => {
  using workspace = new TemporaryWorkspace();
  const folder = workspace.bareRun();
  const writer = RunWriter.open(folder);
  const timed = (name: string, action: () => void): void => {
    const before = performance.now();
    action();
    process.stdout.write(`${name}: ${(performance.now() - before).toFixed(1)} ms\n`);
  };
  timed("write 1,000,000 points, a commit each 1,000", () => {
    for (let step = 0; step < 1_000_000; step++) {
      writer.scalar("loss/a", step, step === 777_777 ? 99 : Math.sin(step / 1e4));
      if (step % 1000 === 999) writer.commit(0);
    }
  });
  using reader = RunReader.open(folder);
  let peak = 0;
  timed("draw all on 1,000 columns", () => (peak = Math.max(...reader.window("loss/a", -Infinity, Infinity, 1000).points.values)));
  timed("draw a tenth on 1,000 columns", () => reader.window("loss/a", 700_000, 800_000, 1000));
  expect(peak).toBe(99);
  expect(reader.seriesList()).toEqual([{ name: "loss/a", width: 1, points: 1_000_000, firstStep: 0, lastStep: 999_999 }]);
  writer.close();
});

function isPartOf(
  part: { readonly steps: Float64Array; readonly values: Float64Array },
  whole: { readonly steps: Float64Array; readonly values: Float64Array },
): boolean {
  let at = 0;
  return part.steps.every((step, i) => {
    while (at < whole.steps.length && !(whole.steps[at] === step && Object.is(whole.values[at], part.values[i]))) at++;
    return at++ < whole.steps.length;
  });
}
