import { expect, test } from "vitest";
import type { RunDescription, RunResult } from "../../../src/experiment/record.ts";
import { metricTable, ownershipTable } from "../../../src/cli/result-tables.ts";
import { table, toned } from "../../../src/cli/terminal.ts";

const description: RunDescription = {
  tasks: [
    {
      id: "sex",
      kind: "classification",
      headlineMetric: "accuracy",
      metrics: [{ name: "accuracy", better: "higher", unit: "share" }],
      classes: ["f", "m"],
    },
    { id: "mass", kind: "regression", headlineMetric: "r2", metrics: [{ name: "r2", better: "higher", unit: "plain" }], classes: [] },
  ],
  parameters: [
    { name: "d.kernel", layer: "d", weight: "kernel", shape: [3], size: 3, reach: "common", tasks: ["sex", "mass"] },
    { name: "d.bias", layer: "d", weight: "bias", shape: [1], size: 1, reach: "common", tasks: ["sex", "mass"] },
    { name: "head.kernel", layer: "head", weight: "kernel", shape: [9], size: 9, reach: "owned", tasks: ["sex"] },
  ],
  ownership: "attributed",
  backend: "wasm",
  stepsPerEpoch: 1,
  totalSteps: 1,
  epochs: 1,
  rows: { train: 1, validation: 1, test: 1 },
};
const result: RunResult = {
  metrics: { test: { sex: { accuracy: 0.912 }, mass: { r2: 0.81 } } },
  dominance: { trunk: { sex: 0.6, mass: 0.4 }, parameters: { "d.kernel": { sex: 0.7, mass: 0.3 }, "d.bias": { sex: 0.3, mass: 0.7 } } },
  bestStep: 1,
};
const plain = (text: string): string => text.replaceAll("\u202f", " ");

test("a metric that a task does not have is a dash", () => {
  expect(plain(metricTable(description, result, "test"))).toBe("task  accuracy     r2\nsex     91.2 %      –\nmass         –  0.810\n");
  expect(metricTable(description, result, "validation")).toBe("");
});

test("a layer's ownership is the mean over the elements of its shared tensors; what one task alone reaches is left out", () => {
  expect(plain(ownershipTable(description, result))).toBe("layer     sex    mass\nd      60.0 %  40.0 %\ntrunk  60.0 %  40.0 %\n");
});

test("columns are aligned whatever the colours", () => {
  process.env["FORCE_COLOR"] = "1";
  const red = toned("red", "abc");
  delete process.env["FORCE_COLOR"];
  expect(red).not.toBe("abc");
  expect(
    table([
      ["a", red],
      ["bbb", "x"],
    ]),
  ).toBe(`a    ${red}\nbbb    x\n`);
});

test("no colours where the output is no terminal, or NO_COLOR asks for none", () => {
  expect(toned("red", "abc")).toBe("abc");
  process.env["FORCE_COLOR"] = "1";
  process.env["NO_COLOR"] = "1";
  expect(toned("red", "abc")).toBe("abc");
  delete process.env["FORCE_COLOR"];
  delete process.env["NO_COLOR"];
});
