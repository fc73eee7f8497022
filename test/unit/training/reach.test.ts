import { beforeAll, expect, test } from "vitest";
import { startBackend } from "../../../src/training/backend/backend.ts";
import { requireDeclaredReach } from "../../../src/training/gradients/reach.ts";
import { syntheticTraining } from "./synthetic.ts";

beforeAll(async () => {
  await startBackend("wasm");
});

test("the trunk is reached by every task, a head by its own", () => {
  const training = syntheticTraining();
  expect(training.parameters.common.map(({ name }) => name)).toEqual(["dense1.kernel", "dense1.bias", "dense2.kernel", "dense2.bias"]);
  expect(training.description.parameters.filter(({ reach }) => reach === "owned").map(({ name, tasks }) => [name, tasks])).toEqual([
    ["kind.output.kernel", ["kind"]],
    ["kind.output.bias", ["kind"]],
    ["size.output.kernel", ["size"]],
    ["size.output.bias", ["size"]],
  ]);
  training.model.dispose();
});

test("a network that is not connected as it was built is refused, with the parameter's name", () => {
  const { model } = syntheticTraining();
  const asBuilt = model.parameters.map(({ declared }) => ("task" in declared ? [declared.task === "kind" ? 0 : 1] : [0, 1]));
  expect(() => {
    requireDeclaredReach(model.parameters, asBuilt, ["kind", "size"]);
  }).not.toThrow();
  expect(() => {
    requireDeclaredReach(model.parameters, asBuilt.with(0, [1]), ["kind", "size"]);
  }).toThrow(/dense1\.kernel is built for kind, size but is reached by size/);
  expect(() => {
    requireDeclaredReach(model.parameters, asBuilt.with(4, []), ["kind", "size"]);
  }).toThrow(/kind\.output\.kernel is built for kind but is reached by no task/);
  model.dispose();
});
