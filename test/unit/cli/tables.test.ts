import { expect, test } from "vitest";
import type { RunDescription, RunResult } from "../../../src/experiment/record.ts";
import { Repeats } from "../../../src/cli/follow.ts";
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

test("a layer that not all tasks reach has a dash for the others, and a share of nothing in a tensor counts as 0", () => {
  const parameters = [
    ...description.parameters,
    { name: "e.kernel", layer: "e", weight: "kernel", shape: [3], size: 3, reach: "common", tasks: ["sex", "age"] },
    { name: "e.bias", layer: "e", weight: "bias", shape: [1], size: 1, reach: "common", tasks: ["sex", "age", "mass"] },
    { name: "f.kernel", layer: "f", weight: "kernel", shape: [3], size: 3, reach: "common", tasks: ["mass", "age"] },
  ] as const;
  const [sex, mass] = description.tasks;
  if (sex === undefined || mass === undefined) throw new Error("no task");
  const some = { ...description, tasks: [sex, mass, { ...sex, id: "age" }], parameters: parameters.slice(3) };
  const dominance = {
    trunk: { sex: 0.3, mass: 0.3, age: 0.4 },
    parameters: { "e.kernel": { sex: 0.8, age: 0.2 }, "e.bias": { sex: 0.2, age: 0.2, mass: 0.6 }, "f.kernel": { mass: 0.5, age: 0.5 } },
  };
  expect(
    plain(ownershipTable(some, { ...result, dominance }))
      .split("\n")
      .slice(1, 3),
  ).toEqual(["e      65.0 %  15.0 %  20.0 %", "f           –  50.0 %  50.0 %"]);
});

test("with many tasks each has a row, so that no line is longer than a terminal", () => {
  const ids = Array.from({ length: 20 }, (_, i) => `t${i + 1}`);
  const shares = Object.fromEntries(ids.map((id) => [id, 0.05]));
  const [first] = description.tasks;
  if (first === undefined) throw new Error("no task");
  const parameters = description.parameters.map((parameter) => ({ ...parameter, tasks: ids }));
  const many = { ...description, parameters, tasks: ids.map((id) => ({ ...first, id })) };
  const dominance = { trunk: shares, parameters: { "d.kernel": shares, "d.bias": shares } };
  const lines = plain(ownershipTable(many, { ...result, dominance }))
    .trimEnd()
    .split("\n");
  expect(lines.slice(0, 2)).toEqual(["task      d  trunk", "t1    5.0 %  5.0 %"]);
  expect(lines).toHaveLength(21);
});

test("an event that comes again and again is said once, with how often", () => {
  const said: string[] = [];
  const repeats = new Repeats((text) => said.push(text));
  const event = { kind: "non-finite", message: "The loss of a was not finite. The step was skipped; no parameter changed." } as const;
  for (let step = 1; step <= 24; step++) repeats.tell({ ...event, step });
  repeats.tell({ kind: "warning", step: 25, message: "Other." });
  repeats.end();
  expect(said).toEqual([
    `non-finite at step 1: ${event.message}`,
    "The same 23 more times, the last at step 24.",
    "warning at step 25: Other.",
  ]);
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
