import fc from "fast-check";
import { stringify } from "yaml";
import { taskKindNames, taskKinds } from "../../../src/experiment/task-kinds.ts";
import { layerCatalogue, type LayerKind } from "../../../src/experiment/layers.ts";

const share = fc.double({ min: 0.01, max: 0.45, noNaN: true });
const small = fc.integer({ min: 1, max: 64 });

/** Arguments that every layer which needs some can have. */
const needed: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  units: small,
  filters: small,
  kernelSize: fc.integer({ min: 1, max: 5 }),
  rate: fc.double({ min: 0, max: 0.9, noNaN: true }),
  stddev: fc.double({ min: 0, max: 1, noNaN: true }),
  targetShape: fc.constant([-1]),
  dims: fc.constant([2, 1]),
  n: small,
  activation: fc.constantFrom("relu", "tanh"),
  inputDim: small,
  outputDim: small,
  cropping: fc.constantFrom(
    1,
    [1, 2],
    [
      [1, 1],
      [0, 2],
    ],
  ),
};

function layer(kind: LayerKind): fc.Arbitrary<unknown> {
  const names = kind.arguments.safeParse({}).error?.issues.map(({ path }) => String(path[0])) ?? [];
  const shape = Object.fromEntries(names.map((name) => [name, needed[name] ?? fc.constant(1)]));
  const full = fc.record(shape).map((given) => ({ [kind.name]: given }));
  return names.length > 0 ? full : fc.oneof(fc.constant(kind.name), full, fc.constant({ [kind.name]: null }));
}

const layers = fc.array(fc.oneof(...layerCatalogue.filter(({ name }) => name !== "softmax").map(layer)), { minLength: 1, maxLength: 5 });

const classification = fc.record(
  {
    column: fc.constant("Class: one"),
    kind: fc.constant("classification" as const),
    metrics: fc.subarray(["accuracy", "f1"] as const, { minLength: 1 }),
  },
  { requiredKeys: ["column", "kind"] },
);
const regression = fc.record(
  {
    column: fc.constant("Height, in m"),
    kind: fc.constant("regression" as const),
    loss: fc.constantFrom("mse", "mae", { huber: { delta: 2 } }, { huber: {} }, { gaussian: {} }),
    metrics: fc.subarray(["rmse", "mae", "r2", "spearman"] as const, { minLength: 1 }),
  },
  { requiredKeys: ["column", "kind"] },
);

const columns = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 4 });
/** A task of any kind, with any of its losses and metrics. */
const anyKind = fc.constantFrom(...taskKindNames).chain((kind) => {
  const { losses, metrics, keys } = taskKinds[kind];
  const own: Record<string, fc.Arbitrary<unknown>> = keys.includes("columns")
    ? { columns: fc.constant(["x: 1", "y", "z"]) }
    : { column: fc.constant("Third"), ...(keys.includes("classes") ? { classes: fc.constantFrom(["no", "yes"], [0, 1]) } : {}) };
  const parts: Record<string, fc.Arbitrary<unknown>> = {
    ...own,
    kind: fc.constant(kind),
    loss: fc.constantFrom(...losses).chain((name) => fc.constantFrom<unknown>(name, { [name]: {} })),
    metrics: fc.subarray([...metrics], { minLength: 1 }),
  };
  return fc.record(parts, { requiredKeys: [keys.includes("columns") ? "columns" : "column", "kind"] });
});

const table = {
  file: fc.constantFrom("a.csv", "data/b c.tsv", "../c: d.json"),
  inputs: fc.oneof(columns, fc.record({ where: columns, "what-else": columns }), fc.record({ one: fc.constant("a column") })),
  missing: fc.constantFrom("mean", "drop", "error"),
  split: fc.record({ validation: share, test: share, seed: fc.nat() }, { requiredKeys: [] }),
};
const digits = { dataset: fc.constant("multi-mnist" as const), pairs: fc.integer({ min: 1, max: 20 }) };

const schedule = fc.constantFrom("mixed", { batches: "mixed", shares: "equal" }, { batches: "mixed", shares: "root", temperature: 3.5 });

const data = fc.oneof(
  fc.record(table, { requiredKeys: ["file", "inputs"] }),
  fc.record(digits, { requiredKeys: ["dataset"] }),
  fc.record(
    {
      sources: fc.record({
        one: fc.record({ ...table, tasks: fc.constant(["first"]) }, { requiredKeys: ["file", "inputs", "tasks"] }),
        "two-b": fc.record({ ...digits, tasks: fc.constant(["second-task", "third"]) }, { requiredKeys: ["dataset", "tasks"] }),
      }),
      schedule,
    },
    { requiredKeys: ["sources"] },
  ),
);

const balancer = fc.constantFrom(
  "equal",
  "mgda",
  "uncertainty",
  { method: "mgda", normalize: "l2" },
  { method: "static", normalize: true },
  { method: "adatask" },
);
const optimizer = fc.constantFrom(
  "adam",
  { adam: { learningRate: 0.01 } },
  { adamw: { weightDecay: 0.1, decayed: "all" } },
  { rmsprop: {} },
  { adagrad: { epsilon: 1e-7 } },
);

/** Experiments without anything to complain about, as a person may write them: with and without defaults. */
export const experiments = fc.record(
  {
    name: fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_-]{0,9}$/).filter((name) => !/^(?:true|false|null)$/i.test(name)),
    description: fc.string(),
    data,
    tasks: fc.record({ first: classification, "second-task": regression, third: anyKind }),
    model: fc.oneof(
      fc.record({ trunk: layers }),
      fc.record({ trunk: layers, heads: fc.record({ first: fc.oneof(fc.constant([]), layers), "second-task": layers, third: layers }) }),
    ),
    balancer,
    optimizer,
    training: fc.record(
      {
        epochs: small,
        batchSize: small,
        accumulate: small,
        seed: fc.nat(),
        backend: fc.constantFrom("auto", "wasm", "native"),
        clip: fc.record({ norm: fc.constant(1), value: fc.constant(0.5) }, { requiredKeys: [] }),
        earlyStopping: fc.record({ metric: fc.constantFrom("mean", "first/loss"), minDelta: fc.constant(0.1) }, { requiredKeys: [] }),
        phases: fc.constantFrom(
          [{ name: "one", train: ["trunk", "dense*"] }],
          [
            { name: "heads first", until: "plateau", train: ["heads"], balancer: { method: "mgda", normalize: "l2" }, learningRate: 0.1 },
            { name: "all", until: { steps: 7, plateau: { patience: 3 } }, optimizer: { rmsprop: {} } },
          ],
        ),
        schedule: fc.constantFrom("cosine", { step: { every: 3 } }, { linear: {}, warmup: { steps: 5 } }),
      },
      { requiredKeys: [] },
    ),
    track: fc.record({ every: small, decay: fc.constant(0.99), snapshots: fc.boolean() }, { requiredKeys: [] }),
  },
  { requiredKeys: ["name", "data", "tasks", "model"] },
);

/** The text of an experiment in one of the ways YAML can be written. */
export const spellings = fc.record({
  flowLevel: fc.integer({ min: 0, max: 3 }),
  indent: fc.integer({ min: 1, max: 4 }),
  quoted: fc.boolean(),
});

export function spelt(experiment: object, { flowLevel, indent, quoted }: { flowLevel: number; indent: number; quoted: boolean }): string {
  if (flowLevel === 0) return JSON.stringify(experiment, undefined, indent);
  return stringify(experiment, {
    indent: Math.max(2, indent),
    collectionStyle: flowLevel === 1 ? "flow" : "block",
    defaultStringType: quoted ? "QUOTE_DOUBLE" : "PLAIN",
  });
}
