import { test, fc } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { resolveSourceSchedule, shareWeights, type SourceSchedule } from "../../../../src/experiment/data/source-schedule.ts";
import type { BatchFeed, FeedOptions, FeedState, RowSource, RowValues } from "../../../../src/training/data/dataset.ts";
import { MemorySource } from "../../../../src/training/data/memory-source.ts";
import { CombinedSource } from "../../../../src/training/data/sources/combined-source.ts";
import type { SourcePart } from "../../../../src/training/data/sources/part-feed.ts";
import { drawsPerEpoch, EvenTurns } from "../../../../src/training/data/sources/turns.ts";
import { RandomStreams } from "../../../../src/training/random-streams.ts";

const temperature = 2;
const schedules = fc.constantFrom<SourceSchedule>(
  { batches: "mixed", shares: "rows", temperature },
  { batches: "mixed", shares: "equal", temperature },
  { batches: "mixed", shares: "root", temperature },
  { batches: "alternate", order: "round-robin", shares: "rows", temperature },
  { batches: "alternate", order: "round-robin", shares: "equal", temperature },
  { batches: "alternate", order: "random", shares: "root", temperature },
  { batches: "alternate", order: "random", shares: "rows", temperature },
  { batches: "mixed", shares: { s0: 3, s1: 1, s2: 0.5, s3: 1 }, temperature },
  { batches: "alternate", order: "random", shares: { s0: 0.2, s1: 1.1, s2: 1, s3: 4 }, temperature },
);
const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 4 });
const batchSizes = fc.integer({ min: 1, max: 17 });

/** Sources of one task each; the input of a row is its number, its target tells its source. */
function combined(rows: readonly number[], schedule: SourceSchedule, make = memory): CombinedSource {
  const parts = rows.map((count, source) => ({
    name: `s${source}`,
    rows: make(count, source),
    places: { sizes: rows.map(() => 1), own: rows.map((_, task) => (task === source ? 0 : undefined)) },
  }));
  return new CombinedSource(parts, schedule);
}

function memory(count: number, source: number): RowSource {
  return new MemorySource({
    rows: count,
    inputs: [Float32Array.from({ length: count }, (_, row) => row)],
    targets: [new Float32Array(count).fill(source + 1)],
    present: [new Uint8Array(count).fill(1)],
  });
}

/** Gives every batch late, and in an array that it uses again for all its feeds. */
class LateSource implements RowSource {
  readonly #rows: RowSource;
  readonly #inputs = new Float32Array(20);

  constructor(rows: RowSource) {
    this.#rows = rows;
  }

  get count(): number {
    return this.#rows.count;
  }

  feed(options: FeedOptions): BatchFeed {
    const feed = this.#rows.feed(options);
    return {
      batches: feed.batches,
      next: async () => {
        const values = await feed.next();
        this.#inputs.fill(-1);
        this.#inputs.set(values.inputs[0] ?? []);
        return { ...values, inputs: [this.#inputs.subarray(0, values.rows)] };
      },
      save: () => feed.save(),
      restore: async (state) => {
        await feed.restore(state);
      },
    };
  }

  scan(rows: number): AsyncIterable<RowValues> {
    return this.#rows.scan(rows);
  }
}

function feedOf(source: RowSource, batchSize: number, stream = "batches"): BatchFeed {
  return source.feed({ batchSize, stream: new RandomStreams(5).get(stream), scheduleSeed: 5 });
}

/** Each row as `source:row`. */
function rowsIn({ rows, inputs, targets, present }: RowValues): string[] {
  return Array.from({ length: rows }, (_, row) => {
    const source = present.findIndex((marks) => marks[row] === 1);
    expect(present.map((marks) => marks[row])).toEqual(present.map((_, task) => Number(task === source)));
    expect(targets.map((values) => values[row])).toEqual(targets.map((_, task) => (task === source ? source + 1 : 0)));
    return `${source}:${inputs[0]?.[row] ?? ""}`;
  });
}

async function drawn(feed: BatchFeed, batches: number): Promise<string[][]> {
  const found: string[][] = [];
  for (let i = 0; i < batches; i++) found.push(rowsIn(await feed.next()));
  return found;
}

function countOf(rows: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const row of rows) counts.set(row, (counts.get(row) ?? 0) + 1);
  return counts;
}

describe("several sources as one", () => {
  test.prop([sizes, batchSizes, schedules, fc.integer({ min: 1, max: 3 })])(
    "draw every row once in an epoch where shares go by rows, and at least once with any shares; rows of a source equally often",
    async (counts, batchSize, schedule, epochs) => {
      const feed = feedOf(combined(counts, schedule), batchSize);
      const rows = (await drawn(feed, epochs * feed.batches)).flat();
      const times = countOf(rows);
      counts.forEach((count, source) => {
        const each = Array.from({ length: count }, (_, row) => times.get(`${source}:${row}`) ?? 0);
        const [least, most] = [Math.min(...each), Math.max(...each)];
        expect(least).toBeGreaterThanOrEqual(epochs);
        expect(most - least).toBeLessThanOrEqual(1);
        if (schedule.shares === "rows") expect([least, most]).toEqual([epochs, epochs]);
      });
      expect(times.size).toBe(counts.reduce((sum, count) => sum + count, 0));
    },
  );

  test.prop([sizes, batchSizes, schedules])("keep their shares in every epoch", async (counts, batchSize, schedule) => {
    const feed = feedOf(combined(counts, schedule), batchSize);
    const units = schedule.batches === "mixed" ? counts : counts.map((count) => Math.ceil(count / batchSize));
    const weights = shareWeights(
      schedule,
      units.map((size, source) => ({ name: `s${source}`, size })),
    );
    const expected = drawsPerEpoch(units, weights);
    for (let epoch = 0; epoch < 3; epoch++) {
      const batches = await drawn(feed, feed.batches);
      const sourcesOf = schedule.batches === "mixed" ? batches.flat() : batches.map(([row = ""]) => row);
      const times = countOf(sourcesOf.map((row) => row.split(":")[0] ?? ""));
      expect(counts.map((_, source) => times.get(String(source)))).toEqual(expected);
    }
  });

  test.prop([sizes, batchSizes, schedules, fc.integer({ min: 0, max: 60 }), fc.boolean()])(
    "go on in the middle of an epoch as if nothing had been, also where a source must be waited for",
    async (counts, batchSize, schedule, done, late) => {
      const source = combined(counts, schedule, late ? (count, index) => new LateSource(memory(count, index)) : memory);
      const [whole, begun, resumed] = [feedOf(source, batchSize), feedOf(source, batchSize), feedOf(source, batchSize, "other")];
      const all = await drawn(whole, done + 20);
      await drawn(begun, done);
      const { numbers, arrays } = structuredClone(begun.save());
      await drawn(begun, 3);
      await resumed.restore({ numbers, arrays });
      expect(await drawn(resumed, 20)).toEqual(all.slice(done));
    },
  );

  test.prop([sizes, batchSizes, schedules])(
    "give the same batches whether they must be waited for or not",
    async (counts, batchSize, schedule) => {
      const late = combined(counts, schedule, (count, index) => new LateSource(memory(count, index)));
      const there = feedOf(combined(counts, schedule), batchSize);
      expect(there.next()).not.toBeInstanceOf(Promise);
      const expected = await drawn(feedOf(combined(counts, schedule), batchSize), 30);
      // Two feeds of the same sources, in turns.
      const [first, second] = [feedOf(late, batchSize), feedOf(late, batchSize)];
      for (const batch of expected) {
        expect(rowsIn(await first.next())).toEqual(batch);
        expect(rowsIn(await second.next())).toEqual(batch);
      }
    },
  );

  test.prop([sizes, batchSizes, schedules])(
    "fill every batch of rows of all sources but the last of an epoch",
    async (counts, batchSize, schedule) => {
      const feed = feedOf(combined(counts, schedule), batchSize);
      const batches = await drawn(feed, feed.batches);
      if (schedule.batches === "mixed") for (const rows of batches.slice(0, -1)) expect(rows).toHaveLength(batchSize);
      else for (const rows of batches) expect(new Set(rows.map((row) => row.split(":")[0])).size).toBe(1);
    },
  );

  test.prop([sizes, fc.integer({ min: 1, max: 50 })])("are scanned one after the other, every row once", async (counts, rows) => {
    const found: string[] = [];
    const source = combined(counts, { batches: "mixed", shares: "equal", temperature });
    for await (const values of source.scan(rows)) found.push(...rowsIn(values));
    expect(found).toEqual(counts.flatMap((count, index) => Array.from({ length: count }, (_, row) => `${index}:${row}`)));
    expect(source.count).toBe(found.length);
  });

  test("take the same random turns in all feeds of a training, and others in other trainings; rows are drawn independently", async () => {
    const source = combined([60, 60], { batches: "alternate", order: "random", shares: "equal", temperature });
    const feed = (stream: string, scheduleSeed: number) =>
      source.feed({ batchSize: 4, stream: new RandomStreams(1).get(stream), scheduleSeed });
    const [first, further, other] = await Promise.all(
      [feed("batches", 1), feed("batches-2", 1), feed("batches", 2)].map((each) => drawn(each, 30)),
    );
    const turns = (batches: string[][] = []) => batches.map(([row = ""]) => row[0]);
    expect(turns(further)).toEqual(turns(first));
    expect(further).not.toEqual(first);
    expect(turns(other)).not.toEqual(turns(first));
  });

  test.prop([batchSizes, schedules, fc.integer({ min: 0, max: 30 })])(
    "are changed by chance each in its own way, the same again after a pause",
    async (batchSize, schedule, done) => {
      const changed: SourcePart["augment"] = (values, stream) => ({
        ...values,
        inputs: values.inputs.map((numbers) => numbers.map((number) => number + 0.5 * stream.uniform())),
      });
      const places = (own: number) => ({ sizes: [1, 1], own: [0, 1].map((task) => (task === own ? 0 : undefined)) });
      const feed = (stream: string) =>
        feedOf(
          new CombinedSource(
            [
              { name: "s0", rows: memory(20, 0), places: places(0) },
              { name: "s1", rows: memory(30, 1), places: places(1), augment: changed },
            ],
            schedule,
          ),
          batchSize,
          stream,
        );
      const [whole, begun, resumed] = [feed("batches"), feed("batches"), feed("other")];
      const next = async (each: BatchFeed, batches: number) => {
        const found: RowValues[] = [];
        for (let i = 0; i < batches; i++) found.push(await each.next());
        return found;
      };
      const all = await next(whole, done + 10);
      for (const { inputs, present } of all) {
        inputs[0]?.forEach((value, row) => {
          if (present[0]?.[row] === 1) expect(value % 1).toBe(0);
        });
      }
      expect(all.some(({ inputs }) => inputs[0]?.some((value) => value % 1 > 0))).toBe(true);
      await next(begun, done);
      await resumed.restore(structuredClone(begun.save()));
      expect(await next(resumed, 10)).toEqual(all.slice(done));
    },
  );

  test("a state of other sources is refused", async () => {
    for (const schedule of fc.sample(schedules, 20)) {
      const state = feedOf(combined([5, 9], schedule), 3).save();
      const into = (counts: readonly number[]) => async () => { await feedOf(combined(counts, schedule), 3).restore(state); }; // prettier-ignore
      await expect(into([5, 30])()).rejects.toThrow(RangeError);
      await expect(into([5, 9, 4])()).rejects.toThrow(RangeError);
      const { arrays } = state;
      const torn: FeedState = {
        numbers: {},
        arrays: Object.fromEntries(Object.entries(arrays).filter(([name]) => !name.includes("stream"))),
      };
      await expect(feedOf(combined([5, 9], schedule), 3).restore(torn)).rejects.toThrow(RangeError);
    }
  });
});

describe("turns", () => {
  test.prop([fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 6 })])(
    "never give a source a whole turn more than its share so far, and end with its draws exactly",
    (draws) => {
      const turns = new EvenTurns(draws);
      const total = turns.left;
      const taken = draws.map(() => 0);
      for (let turn = 1; turn <= total; turn++) {
        const source = turns.next();
        taken[source] = (taken[source] ?? 0) + 1;
        expect((taken[source] ?? 0) - ((draws[source] ?? 0) * turn) / total).toBeLessThan(1);
      }
      expect(taken).toEqual(draws);
    },
  );

  test("are one after the other where shares are equal", () => {
    const turns = new EvenTurns([3, 3, 3]);
    expect(Array.from({ length: 9 }, () => turns.next())).toEqual([0, 1, 2, 0, 1, 2, 0, 1, 2]);
  });

  test.each([
    ["rows", [900, 100]],
    ["root", [900, 300]],
    ["equal", [900, 900]],
    [{ many: 3, few: 1 }, [900, 300]],
    [{ few: 1, many: 1 }, [900, 900]],
    [{ many: 0.5, few: 2 }, [900, 3600]],
    [{ many: 90, few: 1 }, [9000, 100]],
  ] as const)("draws in an epoch by shares of %j", (shares, expected) => {
    const sizes = [900, 100];
    const weights = shareWeights({ batches: "mixed", shares, temperature }, [
      { name: "many", size: 900 },
      { name: "few", size: 100 },
    ]);
    expect(drawsPerEpoch(sizes, weights)).toEqual(expected);
  });
});

test.each([
  [
    { batches: "mixed", shares: "rows", temperature },
    "An epoch of 63 batches draws from all sources in every batch: the 900 rows of s0 once, the 100 rows of s1 once.",
  ],
  [
    { batches: "mixed", shares: { s0: 1, s1: 1 }, temperature },
    "An epoch of 113 batches draws from all sources in every batch: the 900 rows of s0 once, the 100 rows of s1 9 times.",
  ],
  [
    { batches: "alternate", order: "random", shares: "equal", temperature },
    "An epoch of 114 batches draws from one source a batch, in random turns: the 900 rows of s0 once, the 100 rows of s1 8.14 times.",
  ],
] as const)("a run tells what its epochs are, by the schedule %j", (schedule, note) => {
  const feed = feedOf(combined([900, 100], schedule), 16);
  expect([feed.note, feed.note?.includes(` ${feed.batches} batches `)]).toEqual([note, true]);
});

test("a schedule by its name alone has every default, and one with options keeps them", () => {
  expect(resolveSourceSchedule("mixed")).toMatchObject({ batches: "mixed", shares: "rows" });
  expect(resolveSourceSchedule("alternate")).toMatchObject({ batches: "alternate" });
  const given = { ...resolveSourceSchedule("mixed"), shares: "root" as const };
  expect(resolveSourceSchedule(given)).toBe(given);
});
