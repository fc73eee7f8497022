import { test } from "@fast-check/vitest";
import fc from "fast-check";
import { describe, expect } from "vitest";
import { applyOverrides } from "../../../src/experiment/overrides.ts";
import { parseExperiment } from "../../../src/experiment/parse.ts";
import { find, plainOf } from "../../../src/experiment/tree.ts";
import { experiments, spellings, spelt } from "./experiments.ts";

const text = `# kept
name: penguins # kept too
data:
  file: penguins.csv
  inputs: [a, b]
tasks:
  species: {column: Species, kind: classification}
  mass:
    column: Body Mass (g)
    kind: regression
model:
  trunk:
    - dense: {units: 64} # first
    - flatten
    - dense:
        units: 3
        activation: relu
balancer: mgda   # method
optimizer: adam
training:
  epochs: 50

  # kept as well
  batchSize: 32
track:
`;

/** The lines that are new in the result. */
function changed(path: string, value: string): readonly string[] {
  const { text: result, problems } = applyOverrides(text, [{ path, value }]);
  if (problems.length > 0) return problems.map(({ message }) => message);
  const before = new Set(text.split("\n"));
  return result.split("\n").filter((line) => !before.has(line));
}

const mark = "# set on the command line";

describe("an override", () => {
  test.each([
    ["training.epochs", "3", `  epochs: 3 ${mark}`],
    ["training.seed", "7", `  seed: 7 ${mark}`],
    ["name", "other", `name: other # kept too ${mark}`],
    ["balancer", "equal", `balancer: equal   # method ${mark}`],
    ["balancer", "{method: static}", `balancer: {method: static}   # method ${mark}`],
    ["balancer.normalize", "l2", `balancer: {method: mgda, normalize: l2}   # method ${mark}`],
    ["optimizer.adam.learningRate", "1e-2", `optimizer: {adam: {learningRate: 1e-2}} ${mark}`],
    ["model.trunk.0.dense.units", "8", `    - dense: {units: 8} # first ${mark}`],
    ["model.trunk.2.dense.units", "8", `        units: 8 ${mark}`],
    ["model.trunk.1", "dropout", `    - dropout ${mark}`],
    ["model.trunk.1.flatten.name", "flat", `    - {flatten: {name: flat}} ${mark}`],
    ["tasks.mass.weight", "2", `    weight: 2 ${mark}`],
    ["tasks.species.weight", "2", `  species: {column: Species, kind: classification, weight: 2} ${mark}`],
    ["data.inputs", "[x, y]", `  inputs: [x, y] ${mark}`],
    ["data.inputs.1", "z", `  inputs: [a, z] ${mark}`],
    ["data.split.test", "0.2", `  split: {test: 0.2} ${mark}`],
    ["description", "hello: world", `description: "hello: world" ${mark}`],
    ["description", "5", `description: "5" ${mark}`],
    ["track.every", "5", `track: {every: 5} ${mark}`],
  ])("%s=%s changes one line", (path, value, line) => {
    expect(changed(path, value)).toEqual([line]);
  });

  test.each([
    ["training.epoch", "3", "There is no `epoch` in `training`. Did you mean `epochs`?"],
    ["epochs", "3", "There is no `epochs`. There are: name, description, data, tasks, model, balancer, optimizer, training and track."],
    ["balancer.colour", "3", "There is no `colour` in `balancer`. There are: method, normalize, applyTo and scale."],
    ["tasks.sex.weight", "3", "There is no `sex` in `tasks`. There are: species and mass."],
    ["model.trunk.9", "flatten", "There is no entry `9` in `model.trunk`: it is a list of 3, counted from 0."],
    ["training.epochs", " ", "`training.epochs` cannot be set to nothing. Write `training.epochs=value`."],
  ])("%s=%s is refused with a reason", (path, value, message) => {
    expect(changed(path, value)).toEqual([message]);
  });

  test("is made after those before it, and the last one counts", () => {
    const { text: result, problems } = applyOverrides(text, [
      { path: "track.every", value: "5" },
      { path: "optimizer", value: "sgd" },
      { path: "optimizer.sgd.momentum", value: "0.5" },
      { path: "optimizer.sgd.momentum", value: "0.9" },
    ]);
    expect(problems).toEqual([]);
    expect(parseExperiment(result).experiment?.optimizer).toMatchObject({ sgd: { learningRate: 0.01, momentum: 0.9 } });
  });

  test("of a broken file is refused", () => {
    expect(applyOverrides("a: [", [{ path: "name", value: "b" }])).toMatchObject({ text: "a: [", problems: [{ path: "name" }] });
  });

  const paths = fc.constantFrom(
    "training.seed",
    "training.epochs",
    "track.every",
    "name",
    "description",
    "balancer",
    "tasks.first.weight",
    "data.split.test",
    "model.trunk",
  );
  const values = fc.oneof(
    fc.string(),
    fc.integer().map(String),
    fc.constantFrom("[1, 2]", "{a: b}", "*x", "&x y", "a\nb", "# no", "- a", "'", "a: b: c", "!t", "|", "~"),
  );
  test.prop([experiments, spellings, paths, values], { numRuns: 400 })(
    "says what was asked for, or says why not, and leaves the rest",
    (experiment, spelling, path, value) => {
      const original = spelt(experiment, spelling);
      const { text: result, problems } = applyOverrides(original, [{ path, value }]);
      if (problems.length > 0) {
        expect(result).toBe(original);
        return;
      }
      const [before, after] = [parseExperiment(original).tree, parseExperiment(result).tree];
      if (before === undefined || after === undefined) throw new Error("The result cannot be read.");
      const steps = path.split(".");
      expect(find(after, steps).tree).toBeDefined();
      for (const key of Object.keys(experiment))
        if (key !== steps[0]) expect(plainOf(find(after, [key]).tree ?? after)).toEqual(plainOf(find(before, [key]).tree ?? before));
    },
  );
});
