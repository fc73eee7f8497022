import { describe, expect, test } from "vitest";

import { layerCatalogue } from "../../../../src/experiment/layers.ts";
import type { LayerEntry } from "../../../../src/experiment/schema.ts";
import { inspectModel } from "../../../../src/training/model/inspect.ts";
import { layerRegistry } from "../../../../src/training/model/layer-registry.ts";
import { planModel } from "../../../../src/training/model/plan.ts";
import { containing } from "../data/containing.ts";
import { classification, leNet, shape } from "./networks.ts";

const image = shape([28, 28, 1], classification("left", 10), classification("right", 10));

function plan(trunk: readonly LayerEntry[], data = image, heads: Record<string, LayerEntry[]> = {}) {
  return planModel({ model: { trunk: [...trunk], heads } }, data);
}

test("every layer of the catalogue can be built, and no other", () => {
  expect(Object.keys(layerRegistry).sort()).toEqual(layerCatalogue.map(({ name }) => name).sort());
});

describe("a planned model", () => {
  test("names layers after their kind, heads' after their task, and honours a given name", () => {
    const trunk: readonly LayerEntry[] = [...leNet.slice(0, 5), { dense: { units: 8, name: "conv3" } }, { dense: { units: 8 } }];
    const { trunk: layers, heads } = plan(trunk, image, { left: [{ dense: { units: 4 } }, { dense: { units: 4, name: "own" } }] });
    expect(layers.map(({ name }) => name)).toEqual(["conv1", "pool1", "conv2", "pool2", "flatten1", "conv3", "dense1"]);
    expect(heads.map((head) => head.layers.map(({ name }) => name))).toEqual([["left.dense1", "own", "left.output"], ["right.output"]]);
  });

  test("gives an automatic name that somebody took to nobody else", () => {
    const { trunk } = plan([{ dense: { units: 4 } }, { dense: { units: 4, name: "dense1" } }, { dense: { units: 4 } }], shape([3]));
    expect(trunk.map(({ name }) => name)).toEqual(["dense2", "dense1", "dense3"]);
  });

  test("knows every layer's shape and number of parameters without building it", () => {
    const { layers, problems } = inspectModel({ model: { trunk: [...leNet], heads: { left: [{ dense: { units: 50 } }] } } }, image);
    expect(problems).toEqual([]);
    expect(layers.map(({ path, outputShape, parameters }) => [path.join("."), outputShape, parameters])).toEqual([
      ["model.trunk.0", [24, 24, 10], 260],
      ["model.trunk.1", [12, 12, 10], 0],
      ["model.trunk.2", [8, 8, 20], 5020],
      ["model.trunk.3", [4, 4, 20], 0],
      ["model.trunk.4", [320], 0],
      ["model.trunk.5", [50], 16_050],
      ["model.heads.left.0", [50], 2550],
      ["tasks.left", [10], 510],
      ["tasks.right", [10], 510],
    ]);
  });
});

describe("a model that does not fit", () => {
  test.each<[string, readonly LayerEntry[], readonly (string | number)[], string, string]>([
    [
      "a convolution on a flat row",
      ["flatten", { conv2d: { filters: 2, kernelSize: 3 } }],
      ["model", "trunk", 1],
      "MTL401",
      "needs an image [height, width, channels], but gets [784] from flatten1",
    ],
    [
      "a pooling on a sequence",
      [{ reshape: { targetShape: [28, 28] } }, "maxPooling2d"],
      ["model", "trunk", 1],
      "MTL401",
      "gets [28, 28] from reshape1",
    ],
    [
      "a recurrent layer on an image",
      [{ lstm: { units: 2 } }],
      ["model", "trunk", 0],
      "MTL401",
      "needs a sequence [steps, channels], but gets [28, 28, 1] from the data",
    ],
    ["a second flatten", ["flatten", "flatten"], ["model", "trunk", 1], "MTL401", "flat already"],
    [
      "a window larger than the image",
      [{ conv2d: { filters: 2, kernelSize: 29 } }],
      ["model", "trunk", 0],
      "MTL402",
      "its output would be [0, 0, 2]",
    ],
    [
      "a pooling too many",
      [...leNet.slice(0, 4), { maxPooling2d: { poolSize: 5 } }],
      ["model", "trunk", 4],
      "MTL402",
      "[4, 4, 20] from pool2",
    ],
    ["more cropped than there is", [{ cropping2D: { cropping: 14 } }], ["model", "trunk", 0], "MTL402", "leaves nothing"],
    [
      "a reshape of another size",
      [{ reshape: { targetShape: [28, 27] } }],
      ["model", "trunk", 0],
      "MTL404",
      "reshape cannot be built on [28, 28, 1]",
    ],
    ["too many weights", ["flatten", { dense: { units: 1_000_000 } }], ["model", "trunk", 1], "MTL403", "785,000,000 parameters"],
    [
      "a trunk that ends with an image",
      [{ conv2d: { filters: 2, kernelSize: 3 } }],
      ["model", "trunk", 0],
      "MTL405",
      "[26, 26, 2] from conv1. Add flatten",
    ],
    [
      "an identity that is no matrix",
      ["flatten", { dense: { units: 2, kernelInitializer: "nonsense" } }],
      ["model", "trunk", 1],
      "MTL404",
      "kernelInitializer",
    ],
    ["a layer nobody knows", ["conv9d"], ["model", "trunk", 0], "MTL120", "conv9d"],
    ["a name given twice", [{ flatten: { name: "a" } }, { dense: { units: 2, name: "a" } }], ["model", "trunk", 1], "MTL207", '"a"'],
  ])("%s is reported at its own layer", (_, trunk, path, code, part) => {
    const { problems } = inspectModel({ model: { trunk: [...trunk] } }, image);
    expect(problems).toEqual([{ path, code, message: containing(part) }]);
  });

  test("keeps the layers before the problem", () => {
    const { layers, problems } = inspectModel({ model: { trunk: ["flatten", "maxPooling2d"] } }, image);
    expect([layers.length, problems.length]).toEqual([1, 1]);
  });

  test("is reported in the head that it is in", () => {
    const heads = { right: ["flatten" as const, { dense: { units: 3 } }] };
    const { problems } = inspectModel({ model: { trunk: ["flatten"], heads } }, image);
    expect(problems).toEqual([{ path: ["model", "heads", "right", 0], code: "MTL401", message: containing("flat already") }]);
  });
});
