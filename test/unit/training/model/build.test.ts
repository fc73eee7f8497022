import { memory, mul, ones, tidy, type Tensor } from "@tensorflow/tfjs-core";
import { afterEach, beforeAll, describe, expect, test } from "vitest";

import { layerCatalogue } from "../../../../src/experiment/layers.ts";
import type { LayerEntry } from "../../../../src/experiment/schema.ts";
import { startBackend } from "../../../../src/training/backend/backend.ts";
import { computeReach } from "../../../../src/training/gradients/reach.ts";
import { buildModel } from "../../../../src/training/model/build.ts";
import { inspectModel } from "../../../../src/training/model/inspect.ts";
import type { MultiTaskModel } from "../../../../src/training/model/model.ts";
import { layerRegistry } from "../../../../src/training/model/layer-registry.ts";
import { RandomStreams } from "../../../../src/training/random-streams.ts";
import { classification, leNet, network, outputs, regression, shape, weights } from "./networks.ts";

beforeAll(async () => {
  await startBackend("wasm");
});

const models: MultiTaskModel[] = [];
const tensors: Tensor[] = [];
let before = 0;
beforeAll(() => {
  before = memory().numTensors;
});
afterEach(() => {
  for (const each of [...models.splice(0), ...tensors.splice(0)]) each.dispose();
  expect(memory().numTensors, "every tensor of a disposed model is gone").toBe(before);
});

function build(...args: Parameters<typeof network>): MultiTaskModel {
  const model = network(...args);
  models.push(model);
  return model;
}

function input(...axes: number[]): Tensor {
  const tensor = ones(axes);
  tensors.push(tensor);
  return tensor;
}

const digits = shape([28, 28, 1], classification("left", 10), regression("right"));

describe("a model", () => {
  test("has named parameters, declared as trunk or as a task's head", () => {
    const { parameters, statistics } = build([...leNet, "batchNormalization"], digits, { heads: { left: [{ dense: { units: 5 } }] } });
    expect(parameters.map(({ name, variable, declared }) => [name, variable.shape, "task" in declared ? declared.task : "trunk"])).toEqual([
      ["conv1.kernel", [5, 5, 1, 10], "trunk"],
      ["conv1.bias", [10], "trunk"],
      ["conv2.kernel", [5, 5, 10, 20], "trunk"],
      ["conv2.bias", [20], "trunk"],
      ["dense1.kernel", [320, 50], "trunk"],
      ["dense1.bias", [50], "trunk"],
      ["batchNorm1.gamma", [50], "trunk"],
      ["batchNorm1.beta", [50], "trunk"],
      ["left.dense1.kernel", [50, 5], "left"],
      ["left.dense1.bias", [5], "left"],
      ["left.output.kernel", [5, 10], "left"],
      ["left.output.bias", [10], "left"],
      ["right.output.kernel", [50, 1], "right"],
      ["right.output.bias", [1], "right"],
    ]);
    expect(statistics.map(({ name }) => name)).toEqual(["batchNorm1.movingMean", "batchNorm1.movingVariance"]);
  });

  test("gives logits of each class, or one value, for each row", () => {
    const [left = [], right = []] = outputs(build(leNet, digits), input(4, 28, 28, 1), false);
    expect([left.length, right.length]).toEqual([40, 4]);
    expect(left.slice(0, 10)).toEqual(left.slice(10, 20));
  });

  test("has the same first weights for the same seed, and others for another", () => {
    const first = weights(build(leNet, digits, { streams: new RandomStreams(1) }));
    expect(weights(build(leNet, digits, { streams: new RandomStreams(1) }))).toEqual(first);
    expect(weights(build(leNet, digits, { streams: new RandomStreams(2) }))["conv1.kernel"]).not.toEqual(first["conv1.kernel"]);
  });

  test("keeps its other layers' first weights when one is changed", () => {
    const first = weights(build([{ dense: { units: 4 } }, { dense: { units: 4 } }], shape([3])));
    const changed = weights(
      build(
        [{ dense: { units: 9, name: "wide" } }, { dense: { units: 4, name: "x" } }, { dense: { units: 4, name: "dense2" } }],
        shape([3]),
      ),
    );
    expect(changed["dense2.kernel"]).toEqual(first["dense2.kernel"]);
  });

  test("does not train frozen layers, but keeps them for checkpoints", () => {
    const { parameters, statistics } = build([{ dense: { units: 4, trainable: false } }], shape([3]));
    expect(parameters.map(({ name }) => name)).toEqual(["y.output.kernel", "y.output.bias"]);
    expect(statistics.map(({ name }) => name)).toEqual(["dense1.kernel", "dense1.bias"]);
  });

  test("moves the statistics of a batch normalisation while training only, and never when it is frozen", () => {
    const [trained, frozen] = [true, false].map((trainable) => build([{ batchNormalization: { trainable } }], shape([3])));
    if (trained === undefined || frozen === undefined) throw new Error("not built");
    const mean = (model: MultiTaskModel): number[] => [
      ...(model.statistics.find(({ name }) => name === "batchNorm1.movingMean")?.variable.dataSync() ?? []),
    ];
    const x = input(2, 3);
    outputs(trained, x, false);
    expect(mean(trained)).toEqual([0, 0, 0]);
    for (const model of [trained, frozen]) outputs(model, x, true);
    expect(mean(trained)[0]).toBeCloseTo(0.01, 6);
    expect(mean(frozen)).toEqual([0, 0, 0]);
  });

  test("starts an LSTM's forget gate at 1", () => {
    const { "lstm1.bias": bias } = weights(build([{ lstm: { units: 2 } }], shape([4, 3])));
    expect(bias).toEqual([0, 0, 1, 1, 0, 0, 0, 0]);
  });
});

describe("noise", () => {
  const noises: readonly LayerEntry[] = [
    { dropout: { rate: 0.5 } },
    { gaussianNoise: { stddev: 1 } },
    { gaussianDropout: { rate: 0.5 } },
    { alphaDropout: { rate: 0.5 } },
  ];
  const recurrent: LayerEntry = { gru: { units: 3, dropout: 0.5, recurrentDropout: 0.5 } };

  test.each(noises)("of %o differs between two steps, repeats with the seed, and is off outside of training", (noise) => {
    const [first, again] = [1, 1].map((seed) => build([noise], shape([50]), { streams: new RandomStreams(seed) }));
    if (first === undefined || again === undefined) throw new Error("not built");
    const x = input(2, 50);
    const steps = [outputs(first, x, true), outputs(first, x, true)];
    expect(steps[0]).not.toEqual(steps[1]);
    expect([outputs(again, x, true), outputs(again, x, true)]).toEqual(steps);
    expect(outputs(first, x, false)).toEqual(outputs(first, x, false));
  });

  test("in a recurrent layer differs between two steps and repeats with the seed", () => {
    const [first, again] = [1, 1].map((seed) => build([recurrent], shape([4, 6]), { streams: new RandomStreams(seed) }));
    if (first === undefined || again === undefined) throw new Error("not built");
    const x = input(2, 4, 6);
    const steps = [outputs(first, x, true), outputs(first, x, true)];
    expect(steps[0]).not.toEqual(steps[1]);
    expect([outputs(again, x, true), outputs(again, x, true)]).toEqual(steps);
  });

  test("continues where a saved stream stood", () => {
    const streams = new RandomStreams(5);
    const model = build([{ dropout: { rate: 0.5 } }], shape([50]), { streams });
    const x = input(2, 50);
    outputs(model, x, true);
    const saved = streams.save();
    const next = outputs(model, x, true);
    streams.restore(saved);
    expect(outputs(model, x, true)).toEqual(next);
  });
});

describe("each layer of the catalogue", () => {
  const sample: Readonly<Record<string, { readonly args?: Readonly<Record<string, unknown>>; readonly axes?: readonly number[] }>> = {
    dense: { args: { units: 3 } },
    conv1d: { args: { filters: 2, kernelSize: 3, padding: "same" } },
    conv2d: { args: { filters: 2, kernelSize: [3, 2], strides: 2, padding: "same", kernelInitializer: "heUniform" } },
    conv2dTranspose: { args: { filters: 2, kernelSize: 3, strides: 2 } },
    depthwiseConv2d: { args: { kernelSize: 3, depthMultiplier: 2 } },
    separableConv2d: { args: { filters: 3, kernelSize: 3 } },
    reshape: { args: { targetShape: [-1, 2] }, axes: [8] },
    permute: { args: { dims: [2, 1] }, axes: [8, 4] },
    repeatVector: { args: { n: 3 } },
    activation: { args: { activation: "gelu" } },
    reLU: { args: { maxValue: 6 } },
    prelu: { args: { sharedAxes: [1, 2] }, axes: [6, 6, 2] },
    dropout: { args: { rate: 0.2 } },
    spatialDropout1d: { args: { rate: 0.2 } },
    gaussianNoise: { args: { stddev: 0.1 } },
    gaussianDropout: { args: { rate: 0.2 } },
    alphaDropout: { args: { rate: 0.2 } },
    embedding: { args: { inputDim: 5, outputDim: 3 } },
    simpleRNN: { args: { units: 3 } },
    gru: { args: { units: 3, recurrentInitializer: "identity" } },
    lstm: { args: { units: 3, returnSequences: true } },
    zeroPadding2d: {
      args: {
        padding: [
          [1, 0],
          [2, 1],
        ],
      },
    },
    cropping2D: { args: { cropping: 1 } },
    upSampling2d: { args: { size: [2, 3], interpolation: "bilinear" } },
    flatten: { axes: [4, 4, 2] },
  };
  const axesOf = { 1: [8], 2: [8, 4], 3: [8, 8, 2] } as const;

  test.each(layerCatalogue.map(({ name }) => name))("%s computes what was planned", (name) => {
    const { args = {}, axes = axesOf[layerRegistry[name]?.axes ?? 1] } = sample[name] ?? {};
    const entry: LayerEntry = { [name]: { ...args } };
    const [planned] = inspectModel({ model: { trunk: [entry] } }, shape(axes)).layers;
    const model = build(planned?.outputShape.length === 1 ? [entry] : [entry, "flatten"], shape(axes));
    const [values = []] = outputs(model, input(2, ...axes), true);
    expect(values).toHaveLength(2);
    expect(values.every(Number.isFinite)).toBe(true);
  });
});

describe("several inputs", () => {
  const data = {
    inputs: [
      { name: "image", shape: [4, 4, 1], features: [] },
      { name: "table", shape: [3], features: ["a", "b", "c"] },
    ],
    tasks: [regression("y"), regression("z")],
  };
  const model = { inputs: { image: ["flatten", { dense: { units: 5, name: "seen" } }] }, trunk: [{ dense: { units: 2, name: "joint" } }] };

  test("go through their encoders and are joined before the trunk", () => {
    const network = buildModel({ model }, data, new RandomStreams(1));
    expect(network.parameters.map(({ name, variable }) => [name, variable.shape]).slice(0, 3)).toEqual([
      ["seen.kernel", [16, 5]],
      ["seen.bias", [5]],
      ["joint.kernel", [8, 2]],
    ]);
    const [image, table] = [input(2, 4, 4, 1), input(2, 3)];
    tidy(() => {
      const of = (...both: Tensor[]): number[] => [...(network.forward(both, false)[0]?.dataSync() ?? [])];
      const both = of(image, table);
      expect(of(mul(image, 2), table)).not.toEqual(both);
      expect(of(image, mul(table, 2))).not.toEqual(both);
    });
    expect(computeReach(network, [input(1, 4, 4, 1), input(1, 3)]).slice(0, 3)).toEqual([
      [0, 1],
      [0, 1],
      [0, 1],
    ]);
    network.dispose();
  });

  test("that end in other axes, and encoders of inputs that are not there, are refused at their place", () => {
    const built = (inputs: Record<string, LayerEntry[]>) => () => buildModel({ model: { ...model, inputs } }, data, new RandomStreams(1));
    expect(built({})).toThrow(/MTL408|differ in more than their last axis/);
    expect(built({ picture: ["flatten"] })).toThrow(/no input "picture". It has: image, table/);
  });
});

test("a task may be called what every object has", () => {
  const tasks = shape([4], classification("constructor", 2), regression("toString"));
  expect(() => build([{ dense: { units: 3 } }], tasks, { heads: { other: [{ dense: { units: 2 } }] } })).not.toThrow();
});
