import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { memory } from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { readCheckpoint } from "../../../../src/training/checkpoint.ts";
import { modelOf, OwnCode } from "./own-code.ts";

/** Two layers of its own making: three experts, of which each task mixes two, and one that only `size` sees. */
const mixture = `
import { defineModel, type Tensor } from "taskscope";
import { layers, type Kernel } from "./tools.ts";
import { matMul, mul, softmax, slice, add } from "@tensorflow/tfjs-core";

export default defineModel(({ tf, inputs, tasks, parameter, layer, dropout, options }) => {
  const width: number = inputs[0]?.shape[0] ?? 0;
  const experts = ["both", "all", "own"].map((name) => layer(name, layers.dense({ units: Number(options["units"] ?? 5), activation: "relu" })));
  const gates: Kernel[] = tasks.map(({ id }) => parameter(\`\${id}.gate\`, [width, 2], "heNormal"));
  const heads = tasks.map(({ id, outputs }) => layer(\`\${id}.output\`, tf.layers.dense({ units: outputs })));
  return ([x]: readonly Tensor[]) =>
    Object.fromEntries(
      tasks.map(({ id }, task) => {
        const mine = id === "size" ? [experts[1]!, experts[2]!] : [experts[0]!, experts[1]!];
        const share = softmax(matMul(x!, gates[task]!));
        const mixed = mine.map((expert, i) => mul(expert(x!), slice(share, [0, i], [-1, 1]))).reduce((a, b) => add(a, b));
        return [id, heads[task]!(dropout(mixed, 0.2))];
      }),
    );
});
`;
const tools = `
import * as tf from "@tensorflow/tfjs";
export const { layers } = tf;
export type Kernel = tf.Tensor;
`;

const threeTasks = {
  tasks: { kind: { kind: "classification" }, size: { kind: "regression" }, twin: { column: "kind", kind: "classification" } },
  track: { every: 1 },
  optimizer: { adam: { learningRate: 0.03 } },
  training: { epochs: 8, batchSize: 16, backend: "wasm" },
};

describe("a network of the user's own code", () => {
  test("trains on the run's own TensorFlow.js, and its reach is what its passes show", async () => {
    const own = new OwnCode({ "model.ts": mixture, "tools.ts": tools });
    const { recorder, end } = await own.train("a", { changes: threeTasks });
    expect(end.kind).toBe("completed");
    expect(recorder.description?.parameters.map(({ name, reach, tasks }) => [name, reach, tasks.join(" ")])).toEqual([
      ["both.kernel", "common", "kind twin"],
      ["both.bias", "common", "kind twin"],
      ["all.kernel", "common", "kind size twin"],
      ["all.bias", "common", "kind size twin"],
      ["own.kernel", "owned", "size"],
      ["own.bias", "owned", "size"],
      ["kind.gate", "owned", "kind"],
      ["size.gate", "owned", "size"],
      ["twin.gate", "owned", "twin"],
      ["kind.output.kernel", "owned", "kind"],
      ["kind.output.bias", "owned", "kind"],
      ["size.output.kernel", "owned", "size"],
      ["size.output.bias", "owned", "size"],
      ["twin.output.kernel", "owned", "twin"],
      ["twin.output.bias", "owned", "twin"],
    ]);
    const [first, last] = [recorder.points.get("loss/kind")?.[0]?.values[0] ?? Number.NaN, recorder.last("loss/kind")];
    expect(last).toBeLessThan(first);
  });

  test("gets the options of the experiment", async () => {
    const own = new OwnCode({ "model.ts": mixture, "tools.ts": tools });
    const { recorder } = await own.train("a", { changes: { model: { module: "./model.ts", options: { units: 7 } } }, until: 0 });
    expect(recorder.description?.parameters.find(({ name }) => name === "all.kernel")?.shape).toEqual([4, 7]);
  });

  test.each(["equal", "mgda", "famo", "adatask", "gradnorm", "mgda-ub", "pcgrad"])("trains with %s", async (balancer) => {
    const own = new OwnCode({ "model.ts": mixture, "tools.ts": tools });
    const { recorder, end } = await own.train("a", { changes: { balancer, training: { epochs: 1, batchSize: 16, backend: "wasm" } } });
    expect(end.kind).toBe("completed");
    expect(recorder.last("direction-norm")).toBeGreaterThan(0);
  });
});

/** Everything that draws without a seed: layers' first weights and dropout, operations, plain JavaScript, a package's shuffle. */
const careless = modelOf(
  `  const { layer, statistic, tasks, inputs } = context;
  const scale = tf.tensor1d(Array.from({ length: 6 }, () => 0.5 + Math.random()));
  const hidden = layer("hidden", tf.layers.dense({ units: 6, activation: "tanh" }));
  const norm = layer("norm", tf.layers.batchNormalization());
  const drop = layer("drop", tf.layers.dropout({ rate: 0.3 }));
  const seen = statistic("seen", [6]);
  const heads = tasks.map(({ id, outputs }) => layer(id, tf.layers.dense({ units: outputs, kernelInitializer: "randomNormal" })));
  return ([x], { training }) => {
    let h = tf.mul(norm(hidden(x!)), scale);
    if (training) {
      h = tf.add(h, tf.mul(tf.randomNormal(h.shape), 0.01 + 0.01 * Math.random()));
      seen.assign(tf.add(tf.mul(seen, 0.9), tf.mul(tf.mean(h, 0), 0.1)));
    }
    h = drop(tf.sub(h, tf.mul(seen, 0.1)));
    return heads.map((head) => head(h));
  };`,
);

describe("what the user's code draws without a seed", () => {
  test.each(["equal", "famo", "modo"])("is the same in every run, and after a resume, with %s", async (balancer) => {
    const own = new OwnCode({ "model.ts": careless });
    const changes = { balancer };
    const whole = await own.train("whole", { changes });
    expect((await own.train("again", { changes })).recorder.numbers()).toEqual(whole.recorder.numbers());

    const first = await own.train("parts", { changes, until: 7 });
    const second = await own.train("parts", { changes, resume: 7 });
    expect(second.end).toEqual(whole.end);
    const parts = [first, second].map(({ recorder }) => recorder.points);
    const joined = Object.fromEntries(
      Object.keys(whole.recorder.numbers()).map((name) => [name, parts.flatMap((each) => each.get(name) ?? [])]),
    );
    expect(joined).toEqual(whole.recorder.numbers());
  });

  test("is other with another seed", async () => {
    const own = new OwnCode({ "model.ts": careless });
    const one = await own.train("one");
    const other = await own.train("other", { changes: { training: { epochs: 4, batchSize: 16, seed: 5, backend: "wasm" } } });
    expect(other.recorder.last("loss/kind")).not.toBe(one.recorder.last("loss/kind"));
  });

  test("leaves no tensor behind, however many steps there were", async () => {
    const own = new OwnCode({ "model.ts": careless });
    await own.train("first", { until: 1 });
    const counts: number[] = [];
    for (const until of [2, 20]) {
      const before = memory().numTensors;
      await own.train(`until-${until}`, { until });
      counts.push(memory().numTensors - before);
    }
    // The constant that the module made by itself: it lives as long as the process.
    expect(counts).toEqual([1, 1]);
  });

  test("leaves no trace in Math.random", async () => {
    const before = Math.random;
    await new OwnCode({ "model.ts": careless }).train("a", { until: 2 });
    expect(Math.random).toBe(before);
  });

  test("statistics are in the checkpoint by their names", async () => {
    const own = new OwnCode({ "model.ts": careless });
    await own.train("a", { until: 3 });
    const header = readFileSync(join(own.folder, "a/checkpoints/step-3/state.json"), "utf8");
    for (const name of ["weight/hidden.kernel", "weight/norm.gamma", "statistic/norm.movingMean", "statistic/seen"])
      expect(header).toContain(`"${name}"`);
  });
});

describe("a model of TensorFlow.js as a whole", () => {
  const functional = modelOf(
    `  const input = tf.input({ shape: [4] });
  const hidden = tf.layers.dense({ units: 6, activation: "relu" }).apply(input);
  const normed = tf.layers.batchNormalization().apply(tf.layers.dense({ units: 6, name: "narrow" }).apply(hidden));
  const outputs = context.tasks.map(({ id, outputs }) => tf.layers.dense({ units: outputs, name: \`\${id}_out\` }).apply(tf.layers.dropout({ rate: 0.1 }).apply(normed)));
  return tf.model({ inputs: input, outputs });`,
    "// @ts-nocheck\n",
  );

  test("has names that do not depend on what was built before, and the same numbers", async () => {
    const own = new OwnCode({ "model.ts": functional });
    const one = await own.train("one");
    expect(one.recorder.description?.parameters.map(({ name, reach }) => `${name} ${reach}`)).toEqual([
      "dense1.kernel common",
      "dense1.bias common",
      "narrow.kernel common",
      "narrow.bias common",
      "batchNormalization1.gamma common",
      "batchNormalization1.beta common",
      "kind_out.kernel owned",
      "kind_out.bias owned",
      "size_out.kernel owned",
      "size_out.bias owned",
    ]);
    const two = await own.train("two");
    expect(two.recorder.numbers()).toEqual(one.recorder.numbers());
  });

  test.each([
    ["as a whole", functional, "batchNormalization1"],
    ["layer by layer", careless, "norm"],
  ])("keeps the statistics of what a phase freezes, applied %s", async (_, code, layer) => {
    const own = new OwnCode({ "model.ts": code });
    const phases = [
      { name: "heads", until: { epochs: 1 }, train: ["heads"] },
      { name: "all", until: { epochs: 1 } },
    ];
    const training = { epochs: 2, batchSize: 16, backend: "wasm", phases };
    const means = async (run: string, until: number) => {
      await own.train(run, { changes: { training }, until });
      return [...(readCheckpoint(join(own.folder, run, "checkpoints", `step-${until}`)).arrays.get(`statistic/${layer}.movingMean`) ?? [])];
    };
    const steps = 4;
    expect(new Set(await means("frozen", steps))).toEqual(new Set([0]));
    expect(new Set(await means("free", steps + 1))).not.toEqual(new Set([0]));
  });

  test("and variables of one's own making can be given names", async () => {
    const own = new OwnCode({
      "model.ts": modelOf(
        `  const kernel = tf.variable(tf.randomNormal([4, 3]));
  const inner = tf.sequential({ layers: [tf.layers.dense({ units: 4, inputShape: [3] }), tf.layers.dense({ units: 3 })] });
  const heads = context.tasks.map(({ outputs }) => tf.layers.dense({ units: outputs }));
  return {
    parameters: { "first.kernel": kernel, inner, kindHead: heads[0]!, sizeHead: heads[1]! },
    forward: ([x]) => heads.map((head) => head.apply(inner.apply(tf.tanh(tf.matMul(x!, kernel)))) as tf.Tensor),
  };`,
      ),
    });
    const { recorder } = await own.train("a");
    expect(recorder.description?.parameters.map(({ name, reach }) => `${name} ${reach}`)).toEqual([
      "first.kernel common",
      "inner.dense1.kernel common",
      "inner.dense1.bias common",
      "inner.dense2.kernel common",
      "inner.dense2.bias common",
      "kindHead.kernel owned",
      "kindHead.bias owned",
      "sizeHead.kernel owned",
      "sizeHead.bias owned",
    ]);
  });
});

describe("a run goes on with its own copy of the code", () => {
  test("whatever has become of the files, and says so", async () => {
    const own = new OwnCode({ "model.ts": mixture, "tools.ts": tools });
    const whole = await own.train("whole");
    await own.train("parts", { until: 5 });
    own.write("tools.ts", "throw new Error('gone');");
    const resumed = await own.train("parts", { resume: 5 });
    expect(resumed.end).toEqual(whole.end);
    expect(resumed.recorder.events.find(({ kind }) => kind === "note")?.message).toBe(
      "tools.ts changed since the run began; it goes on with its own copy of model.ts.",
    );
  });

  test("but not when the copy was changed", async () => {
    const own = new OwnCode({ "model.ts": careless });
    await own.train("parts", { until: 5 });
    const copy = join(own.folder, "parts/modules/model.mjs");
    writeFileSync(copy, readFileSync(copy, "utf8").replace("0.01", "0.02"));
    await expect(own.train("parts", { resume: 5 })).rejects.toThrow(
      /^model\.ts: The run's copy of it, .*model\.mjs, was changed since the run began/,
    );
  });
});
