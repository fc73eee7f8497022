import { describe, expect, test } from "vitest";
import { OwnCode } from "./own-code.ts";

/** Rows by a formula, in memory or as a stream; `kind` is one of three classes, `size` a number that every seventh row lacks. */
const source = `
import { defineData, type Random, type Rows } from "taskscope";

function rows(count: number, random: Random): Rows {
  const x = Float32Array.from({ length: 2 * count }, () => random.normal());
  const at = (row: number, column: number): number => x[2 * row + column]!;
  return {
    rows: count,
    inputs: { point: x },
    targets: {
      kind: Uint8Array.from({ length: count }, (_, i) => (at(i, 0) > 0.5 ? 2 : at(i, 1) > 0 ? 1 : 0)),
      size: Array.from({ length: count }, (_, i) => (i % 7 === 0 ? NaN : 100 + 20 * at(i, 0))),
    },
    present: { size: Array.from({ length: count }, (_, i) => i % 7 !== 0) },
  };
}

function stream(count: number, piece: number) {
  return {
    rows: count,
    async *batches({ epoch, random }: { epoch: number; random: Random }) {
      for (let left = count; left > 0; left -= piece) {
        await new Promise((resolve) => setImmediate(resolve));
        yield rows(Math.min(left, piece), epoch === 0 ? random : { ...random, normal: () => Math.sqrt(12) * (Math.random() - 0.5) });
      }
    },
  };
}

export default defineData(({ random, options }) => {
  const make = (count: number) => (options["piece"] === undefined ? rows(count, random) : stream(count, Number(options["piece"])));
  return {
    inputs: [{ name: "point", shape: [2], features: ["a", "b"] }],
    tasks: { kind: { classes: ["low", "high", "right"] } },
    splits: { train: make(64), validation: make(20), test: make(20) },
  };
});
`;

function withData(options: object = {}): {
  readonly data: object;
  readonly model: object;
  readonly training: object;
  readonly track: object;
} {
  return {
    data: { module: "./data.ts", options },
    model: { trunk: [{ dense: { units: 6, activation: "tanh" } }, { dropout: { rate: 0.1 } }] },
    training: { epochs: 3, batchSize: 24, backend: "wasm" },
    track: { every: 1 },
  };
}

describe("data of the user's own code", () => {
  test.each([
    ["in memory", {}],
    ["as a stream in small pieces", { piece: 5 }],
    ["as a stream in large pieces", { piece: 50 }],
  ])("%s is trained on, the same in every run and after a resume", async (_what, options) => {
    const own = new OwnCode({ "data.ts": source });
    const changes = withData(options);
    const whole = await own.train("whole", { changes });
    expect(whole.recorder.description).toMatchObject({
      rows: { train: 64, validation: 20, test: 20 },
      stepsPerEpoch: 3,
      tasks: [{ id: "kind", classes: ["low", "high", "right"] }, { id: "size" }],
    });
    expect((await own.train("again", { changes })).recorder.numbers()).toEqual(whole.recorder.numbers());
    for (const until of [3, 4]) {
      const first = await own.train(`parts-${until}`, { changes, until });
      const second = await own.train(`parts-${until}`, { changes, resume: until });
      expect(second.end).toEqual(whole.end);
      const parts = [first, second].map(({ recorder }) => recorder.points);
      const numbers = whole.recorder.numbers();
      // Of the waiting only the clock decides.
      const joined = Object.fromEntries(Object.keys(numbers).map((name) => [name, parts.flatMap((each) => each.get(name) ?? [])]));
      expect(joined).toEqual(numbers);
    }
  });

  test("is given the order of its epochs: pieces of any size make the same batches", async () => {
    const own = new OwnCode({ "data.ts": source });
    const small = await own.train("small", { changes: withData({ piece: 5 }) });
    const large = await own.train("large", { changes: withData({ piece: 64 }) });
    expect(small.recorder.last("metric/validation/size/rmse")).toBeGreaterThan(0);
    // Five rows draw in another order than sixty-four, but each epoch has as many steps.
    expect(small.recorder.steps).toBe(large.recorder.steps);
  });

  test("is trained on by the user's own model too, each with its own copy in the run", async () => {
    const own = new OwnCode({
      "data.ts": source,
      "model.ts": `import { defineModel } from "taskscope";
export default defineModel(({ tf, tasks, layer, inputs }) => {
  if (inputs[0]?.name !== "point" || tasks[0]?.classes[2] !== "right") throw new Error(JSON.stringify([inputs, tasks]));
  const trunk = layer("trunk", tf.layers.dense({ units: 6, activation: "tanh" }));
  const heads = tasks.map(({ id, outputs }) => layer(id, tf.layers.dense({ units: outputs })));
  return ([point]) => heads.map((head) => head(trunk(point!)));
});`,
    });
    const changes = {
      ...withData(),
      model: { module: "./model.ts" },
      optimizer: { adam: { learningRate: 0.05 } },
      training: { epochs: 30, batchSize: 24, backend: "wasm" },
    };
    const { recorder } = await own.train("a", { changes });
    expect(recorder.last("metric/validation/kind/accuracy")).toBeGreaterThan(0.8);
    // The unit is the user's: deviation 20.
    expect(recorder.last("metric/validation/size/rmse")).toBeLessThan(12);
  });
});

/** A task of each kind, all told from two numbers a row. */
const everyKind = `
import { defineData, type Random } from "taskscope";
const rows = (count: number, random: Random) => {
  const x = Float32Array.from({ length: 2 * count }, () => random.normal());
  const each = <T>(make: (a: number, b: number, row: number) => T): T[] => Array.from({ length: count }, (_, row) => make(x[2 * row]!, x[2 * row + 1]!, row));
  return {
    rows: count,
    inputs: { x },
    targets: {
      yes: each((a) => Number(a > 0)),
      tags: each((a, b, row) => [Number(a > 1), Number(b > 0), row % 4 === 0 ? NaN : Number(a > b)]).flat(),
      grade: each((a) => (a < -0.5 ? 0 : a < 0.5 ? 1 : 2)),
      pose: each((a, b) => [a, 10 * b, 5]).flat(),
      mask: each((a, b) => [a, b, a, b, a, b].map((value) => Number(value > 0))).flat(),
    },
  };
};
export default defineData(({ random }) => ({
  inputs: [{ name: "x", shape: [2] }],
  tasks: {
    tags: { classes: ["big", "up", "left"] },
    grade: { classes: ["low", "middle", "high"] },
    pose: { shape: [3] },
    mask: { classes: 2, shape: [2, 3] },
  },
  splits: { train: rows(80, random), validation: rows(30, random), test: rows(30, random) },
}));
`;
const everyKindModel = `
import { defineModel } from "taskscope";
export default defineModel(({ tf, tasks, layer }) => {
  const trunk = layer("trunk", tf.layers.dense({ units: 12, activation: "tanh" }));
  const heads = tasks.map(({ id, outputShape }) => {
    const head = layer(id, tf.layers.dense({ units: outputShape.reduce((a, b) => a * b, 1) }));
    return (h: Parameters<typeof head>[0]) => tf.reshape(head(h), [-1, ...outputShape]);
  });
  return ([x]) => heads.map((head) => head(trunk(x!)));
});
`;

test("tasks of every kind are learnt from rows of one's own by a network of one's own", { timeout: 120_000 }, async () => {
  const own = new OwnCode({ "data.ts": everyKind, "model.ts": everyKindModel });
  const changes = {
    data: { module: "./data.ts" },
    tasks: {
      yes: { kind: "binary", loss: { "binary-cross-entropy": { positiveWeight: "balanced" } } },
      tags: { kind: "multi-label", loss: { "binary-cross-entropy": { positiveWeight: "balanced" } } },
      grade: { kind: "ordinal" },
      pose: { kind: "regression" },
      mask: { kind: "segmentation", loss: { "cross-entropy": { classWeights: "balanced" } } },
    },
    optimizer: { adam: { learningRate: 0.03 } },
    training: { epochs: 30, batchSize: 16, backend: "wasm" },
  };
  const { recorder, end } = await own.train("a", { changes: { ...changes, model: { module: "./model.ts" } } });
  const validation = Object.fromEntries(
    ["yes", "tags", "grade", "pose", "mask"].map((task) => [task, recorder.last(`validation-loss/${task}`)]),
  );
  for (const [task, loss] of Object.entries(validation)) {
    expect.soft([task, loss < 0.6 * (recorder.points.get(`validation-loss/${task}`)?.[0]?.values[0] ?? 0)]).toEqual([task, true]);
  }
  expect(end.result.metrics.test?.["yes"]?.["accuracy"]).toBeGreaterThan(0.85);
});

const arrays = `import { defineData } from "taskscope";
const split = () => ({
  rows: 4,
  inputs: { x: new Float32Array(12) },
  targets: { kind: [0, 1, 0, 1], size: [1, 2, 3, 4] },
});
export default defineData(async (context) => {
  const data = {
    inputs: [{ name: "x", shape: [3] }],
    tasks: { kind: { classes: 2 } },
    splits: { train: split(), validation: split(), test: split() },
  };
  edit(data as any);
  return data as any;
});
function edit(data: any): void {}
`;

/** What an edit of sound data leads to. */
const faults: readonly (readonly [what: string, edit: string, reason: string | RegExp])[] = [
  ["too few inputs", "data.splits.train.inputs.x = new Float32Array(11);", "train.inputs.x has 11 numbers, and 4 rows of [3] need 12."],
  [
    "inputs that are no numbers",
    'data.splits.train.inputs.x = "abc";',
    'train.inputs.x must be a typed array or a list of numbers, but it is "abc".',
  ],
  ["a list with a text in it", 'data.splits.test.targets.size = [1, 2, "3", 4];', 'test.targets.size has "3" at 2, which is not a number.'],
  [
    "NaN in an input",
    "data.splits.validation.inputs.x[7] = NaN;",
    /^validation\.inputs\.x has NaN in row 2, value 1 of it\. Inputs must be numbers within/,
  ],
  ["an infinite input", "data.splits.train.inputs.x[0] = -Infinity;", /^train\.inputs\.x has -Infinity in row 0, value 0 of it/],
  ["a missing input", "delete data.splits.train.inputs.x;", "train.inputs.x is missing: 12 numbers."],
  ["an input that is not declared", "data.splits.train.inputs.y = [];", 'train.inputs has "y", and there are only "x".'],
  [
    "targets of a task that there is not",
    "data.splits.train.targets.mass = [];",
    'train.targets has "mass", and there are only "kind", "size".',
  ],
  ["missing targets", "delete data.splits.test.targets.size;", "test.targets.size is missing: 4 numbers."],
  ["too many targets", "data.splits.train.targets.kind.push(1);", "train.targets.kind has 5 numbers, and 4 rows need 4."],
  [
    "a class that there is not",
    "data.splits.train.targets.kind[2] = 2;",
    "train.targets.kind has 2 in row 2, and its 2 classes are numbered from 0 to 1.",
  ],
  [
    "half a class",
    "data.splits.train.targets.kind[3] = 0.5;",
    "train.targets.kind has 0.5 in row 3, and its 2 classes are numbered from 0 to 1.",
  ],
  [
    "a label that is missing without being said so",
    "data.splits.train.targets.size[1] = NaN;",
    /^train\.targets\.size is NaN in row 1\. Where a row has no label, say so: `present: \{ size: … \}`/,
  ],
  [
    "a number too large",
    "data.splits.train.targets.size[1] = 1e31;",
    /^train\.targets\.size has .* in row 1, and numbers beyond ±1e30 cannot be computed with\.$/,
  ],
  ["a mask too short", "data.splits.train.present = { size: [1, 0] };", "train.present.size has 2 marks, and there are 4 rows."],
  [
    "a mask of other numbers",
    "data.splits.train.present = { size: [1, 0, 2, 1] };",
    "train.present.size has 2 in row 2, and a mark is 0 or 1, true or false.",
  ],
  [
    "no label to learn from",
    "data.splits.train.present = { size: new Uint8Array(4) };",
    'The task "size" has no label in any training row, so there is nothing to learn.',
  ],
  ["no rows", "data.splits.test.rows = 0;", "test.rows must be how many rows there are, at least 1, but it is 0."],
  ["no split", "delete data.splits.validation;", "`splits` has no `validation`. Give `train`, `validation` and `test`."],
  ["no classes", "delete data.tasks.kind;", /^tasks\.kind\.classes is missing\. Give the names of the classes/],
  ["one class", "data.tasks.kind.classes = 1;", /^tasks\.kind\.classes is 1\. Give .* at least 2\.$/],
  ["a class twice", 'data.tasks.kind.classes = ["a", "a"];', "tasks.kind.classes has a name twice."],
  ["classes of a regression", "data.tasks.size = { classes: 3 };", /is a regression and has no classes/],
  ["a key that means nothing", "data.tasks.kind.labels = 3;", 'tasks.kind has "labels"; it takes `classes`, `shape` and `scale`.'],
  ["a task that there is not", "data.tasks.mass = {};", '`tasks` has "mass", which is no task of the experiment.'],
  ["a deviation of 0", "data.tasks.size = { scale: { mean: 0, deviation: 0 } };", /^tasks\.size\.scale must have a number `mean`/],
  ["no inputs", "data.inputs = [];", /^`inputs` must be a list/],
  ["a shape with a hole", "data.inputs[0].shape = [3, null];", /^inputs\[0\]\.shape must be the shape of one row/],
  ["names for other features", 'data.inputs[0].features = ["a"];', "inputs[0].features has 1 names for a row of [3]."],
  [
    "a stream of no length",
    "data.splits.train = { batches: () => [] };",
    "train.rows must be how many rows an epoch has, at least 1, but it is undefined.",
  ],
  [
    "a stream that ends early",
    "data.splits.train = { rows: 5, batches: () => [split()] };",
    "The stream of train ended after 4 of the 5 rows it declares.",
  ],
  [
    "a stream that goes on",
    "data.splits.train = { rows: 5, batches: () => [split(), split()] };",
    "The stream of train gave more than the 5 rows it declares.",
  ],
  [
    "a stream that is none",
    "data.splits.train = { rows: 5, batches: () => 5 };",
    "The batches of train cannot be iterated over: make them with an async function*.",
  ],
  [
    "a wrong piece of a stream",
    "data.splits.train = { rows: 8, batches: () => [split(), { ...split(), targets: { kind: [0, 9, 0, 1], size: [1, 2, 3, 4] } }] };",
    "train.targets.kind has 9 in row 5, and its 2 classes are numbered from 0 to 1.",
  ],
];

describe("data that cannot be trained on is told with what is wrong:", () => {
  test.each(faults)("%s", async (_what, edit, reason) => {
    const own = new OwnCode({
      "data.ts": arrays.replace("function edit(data: any): void {}", () => `function edit(data: any): void { ${edit} }`),
    });
    const failure = await own.failure(withData());
    const prefix = "ModuleError data.ts:7:16 ";
    expect(failure.slice(0, prefix.length)).toBe(prefix);
    if (typeof reason === "string") expect(failure.slice(prefix.length)).toBe(reason);
    else expect(failure.slice(prefix.length)).toMatch(reason);
  });

  test("and sound data is trained on", async () => {
    expect(await new OwnCode({ "data.ts": arrays }).failure(withData())).toBe("nothing");
  });

  test.each([
    ["an error in the function", "null!.x;", "data.ts:16:40 TypeError: Cannot read properties of null (reading 'x')"],
    [
      "an error in a stream, rows later",
      "data.splits.train = { rows: 8, *batches() { yield split(); throw new RangeError('no more'); } };",
      "data.ts:16:99 RangeError: no more",
    ],
  ])("%s", async (_what, edit, reason) => {
    const own = new OwnCode({
      "data.ts": arrays.replace("function edit(data: any): void {}", () => `function edit(data: any): void { ${edit} }`),
    });
    expect(await own.failure(withData())).toBe(`ModuleError ${reason}`);
  });

  test("an error in a later epoch of a stream ends the training with its place", async () => {
    const edit =
      "data.splits.train = { rows: 4, *batches({ epoch }: any) { if (epoch === 2) throw new Error('second'); yield split(); } };";
    const own = new OwnCode({
      "data.ts": arrays.replace("function edit(data: any): void {}", () => `function edit(data: any): void { ${edit} }`),
    });
    expect(await own.failure(withData())).toBe("ModuleError data.ts:16:115 Error: second");
  });
});
