import { describe, expect, test } from "vitest";
import { completionsAt } from "../../../src/experiment/completion.ts";
import { parseExperiment } from "../../../src/experiment/parse.ts";

function withData(...lines: readonly string[]): string {
  return [
    "name: x",
    "data:",
    ...lines.map((line) => `  ${line}`),
    "tasks: {digit: {kind: classification}}",
    "model: {trunk: [flatten, {dense: {units: 3}}]}",
  ].join("\n");
}

/** `line:column CODE → first repair`, of errors and warnings. */
function found(text: string): readonly string[] {
  return parseExperiment(text)
    .diagnostics.filter(({ severity }) => severity !== "information")
    .map(
      ({ range: { start }, code, fixes }) =>
        `${start.line + 1}:${start.column + 1} ${code}${fixes[0] === undefined ? "" : ` → ${fixes[0].replacement}`}`,
    );
}

function labels(text: string, columns: readonly string[] = []): readonly string[] {
  return completionsAt(
    text.replace("|", ""),
    text.indexOf("|"),
    columns.map((name) => ({ name })),
  ).map(({ label }) => label);
}

describe("arrays as data", () => {
  test("may be an archive, or files of their own, with defaults for the rest", () => {
    expect(found(withData("file: a.npz", "inputs: [image]"))).toEqual([]);
    expect(found(withData("file: A.NPZ", "inputs: [{array: image, as: sequence, scale: none}, x]", "scale: unit", "memory: 10"))).toEqual(
      [],
    );
    expect(found(withData("arrays: {image: a.npy, digit: b.gz}", "inputs: [image]", "split: {test: 0.1}"))).toEqual([]);
    const { experiment } = parseExperiment(withData("file: a.npz", "inputs: [image]"));
    expect(experiment?.data).toEqual({
      file: "a.npz",
      inputs: ["image"],
      scale: "standard",
      memory: 512,
      split: { validation: 0.15, test: 0.15, seed: 0 },
    });
  });

  test.each<[string, readonly string[], readonly string[]]>([
    ["a key of tables", ["file: a.npz", "inputs: [image]", "missing: mean"], ["5:3 MTL101"]],
    ["a key of archives in a table", ["file: a.csv", "inputs: [x]", "scale: unit"], ["5:3 MTL101"]],
    ["a misspelt key", ["arrays: {digit: b.npy}", "inptus: [digit]"], ["4:3 MTL101 → inputs"]],
    ["a misspelt form", ["arays: {x: b.npy, digit: c.npy}", "inputs: [x]"], ["3:3 MTL101 → arrays"]],
    ["no inputs", ["arrays: {digit: b.npy}"], ["2:1 MTL102"]],
    ["two forms", ["file: a.npz", "arrays: {digit: b.npy}", "inputs: [x]"], ["4:3 MTL101"]],
    ["another scale", ["file: a.npz", "inputs: [x]", "scale: units"], ["5:10 MTL105 → unit"]],
    ["a misspelt key of an input", ["file: a.npz", "inputs: [{aray: x}]"], ["4:13 MTL101 → array"]],
    ["another kind of input", ["file: a.npz", "inputs: [{array: x, as: picture}]"], ["4:27 MTL105"]],
    ["a number as input", ["file: a.npz", "inputs: [3]"], ['4:12 MTL103 → "3"']],
  ])("%s is reported at its place", (_, lines, expected) => {
    expect(found(withData(...lines))).toEqual(expected);
  });
});

describe("a folder of images as data", () => {
  const folder = ["folder: photos", "labels: labels.csv"];

  test("says what images are brought to, with defaults for the rest", () => {
    const { diagnostics, experiment } = parseExperiment(withData(...folder, "image: {column: file, size: [32, 48]}"));
    expect(diagnostics.filter(({ severity }) => severity !== "information")).toEqual([]);
    expect(experiment?.data).toEqual({
      folder: "photos",
      labels: "labels.csv",
      image: { column: "file", size: [32, 48], channels: 3, fit: "cover" },
      scale: "standard",
      memory: 512,
      split: { validation: 0.15, test: 0.15, seed: 0 },
    });
  });

  test.each<[string, readonly string[], readonly string[]]>([
    ["no size", [...folder, "image: {column: file}"], ["5:3 MTL102"]],
    ["one side", [...folder, "image: {column: file, size: [32]}"], ["5:31 MTL104"]],
    ["a size of nothing", [...folder, "image: {column: file, size: [32, 0]}"], ["5:36 MTL104 → 1"]],
    ["two channels", [...folder, "image: {column: file, size: [32, 32], channels: 2}"], ["5:51 MTL105"]],
    ["another fit", [...folder, "image: {column: file, size: [32, 32], fit: contains}"], ["5:46 MTL105 → contain"]],
    ["a misspelt key of images", [...folder, "image: {colum: file, size: [32, 32]}"], ["5:11 MTL101 → column"]],
    ["no labels", ["folder: photos", "image: {column: file, size: [32, 32]}"], ["2:1 MTL102"]],
    ["a misspelt augmentation", [...folder, "image: {column: file, size: [32, 32]}", "augment: {shfit: 2}"], ["6:13 MTL101 → shift"]],
    ["a negative shift", [...folder, "image: {column: file, size: [32, 32]}", "augment: {shift: -2}"], ["6:20 MTL104 → 0"]],
    ["inputs of a table", [...folder, "inputs: [x]", "image: {column: file, size: [32, 32]}"], ["5:3 MTL101"]],
  ])("%s is reported at its place", (_, lines, expected) => {
    expect(found(withData(...lines))).toEqual(expected);
  });
});

describe("completion in arrays as data", () => {
  const columns = ["image", "digit"];
  test.each<[string, string, readonly string[]]>([
    ["keys of an archive", "data:\n  file: x.npz\n  |", ["inputs", "scale", "memory", "augment", "split"]],
    ["keys of arrays", "data:\n  arrays: {x: x.npy}\n  |", ["inputs", "scale", "memory", "augment", "split"]],
    ["arrays as inputs", "data:\n  file: x.npz\n  inputs: [|]", columns],
    ["arrays of inputs with options", "data:\n  file: x.npz\n  inputs: [{array: |}]", columns],
    ["keys of an input", "data:\n  file: x.npz\n  inputs: [{array: x, |}]", ["as", "scale"]],
    ["what an input is", "data:\n  file: x.npz\n  inputs: [{array: x, as: |}]", ["image", "sequence"]],
    ["keys of a folder", "data:\n  folder: x\n  |", ["labels", "image", "scale", "memory", "augment", "split"]],
    ["keys of its images", "data:\n  folder: x\n  image: {|}", ["column", "size", "channels", "fit"]],
    ["columns of its images", "data:\n  folder: x\n  image: {column: |}", columns],
    ["augmentation", "data:\n  folder: x\n  augment: {flip: |}", ["horizontal", "vertical", "both"]],
    ["channels", "data:\n  folder: x\n  image: {channels: |}", ["1", "3"]],
    ["fits", "data:\n  folder: x\n  image: {fit: |}", ["cover", "contain", "stretch"]],
    ["scales", "data:\n  file: x.npz\n  scale: |", ["standard", "unit", "none"]],
  ])("offers %s", (_, text, expected) => {
    expect(labels(text, columns)).toEqual(expected);
  });
});
