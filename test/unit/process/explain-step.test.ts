import { appendFileSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { stepExplanation, stepParts, type OperationTable } from "../../../src/experiment/step-explanation.ts";
import { backendNames, describeOn } from "../backends.ts";
import { ExampleWorkspace, jsonLine } from "./command.ts";

const penguins = "examples/penguins.mtl.yaml";

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function expectTable({ rows, ms, times, bytes }: OperationTable): void {
  expect(rows.length).toBeGreaterThan(5);
  expect(rows.map((row) => row.ms)).toEqual(rows.map((row) => row.ms).sort((a, b) => b - a));
  expect(sum(rows.map((row) => row.ms))).toBeCloseTo(ms, 6);
  expect(sum(rows.map((row) => row.share))).toBeCloseTo(1, 6);
  expect(sum(rows.map((row) => row.times))).toBeCloseTo(times, 6);
  expect(sum(rows.map((row) => row.bytes))).toBeCloseTo(bytes, 6);
  for (const { outputs, times: made } of rows) expect(sum(outputs.map((output) => output.times))).toBeGreaterThanOrEqual(made);
}

for (const backend of backendNames) {
  describeOn(backend)(`run --explain-step on ${backend}`, () => {
    test("tells as JSON what a step comes to, and leaves nothing behind", async () => {
      await using workspace = new ExampleWorkspace();
      rmSync(join(workspace.root, ".taskscope"), { recursive: true });
      const { code, stdout } = await workspace.taskscope("run", penguins, "--explain-step", "--json", "--backend", backend);
      expect(code).toBe(0);
      const explanation = stepExplanation.parse(jsonLine(stdout));
      const { compiled, operations, time, memory } = explanation;
      expect(explanation).toMatchObject({ experiment: "penguins", rows: 16, batches: 1, backend: { name: backend } });
      expectTable(operations.plain);
      const all = [time.plain, ...(time.compiled === null ? [] : [time.compiled])];
      for (const { ms, parts } of all) expect(sum(stepParts.map((part) => parts[part]))).toBeCloseTo(ms, 6);
      expect(memory.plainPeak.tensors).toBeGreaterThan(10);
      expect(compiled.works).toBe(operations.compiled !== null);
      expect(compiled.reason === null).toBe(compiled.works);
      if (backend === "native") {
        expect(compiled.recordings).toMatchObject([{ tasks: ["species", "sex", "mass"], standIns: false }]);
        expect(operations.compiled?.rows.map(({ operation }) => operation)).toContain("BatchMatMulV2");
        if (operations.compiled !== null) expectTable(operations.compiled);
      }
      expect(readdirSync(workspace.root)).toEqual(["examples"]);
    });

    test("tells it in words, with the reason where a step is not compiled", async () => {
      await using workspace = new ExampleWorkspace();
      const { code, stdout, stderr } = await workspace.taskscope(
        ...["run", penguins, "--explain-step", "--backend", backend, "--set", "training.compile=false"],
      );
      expect([code, stderr]).toEqual([0, `Making some steps of ${penguins}, of which nothing is recorded.\n`]);
      expect(stdout).toMatch(/^compiled +no: the experiment says `training\.compile: false`$/m);
      expect(stdout).toMatch(/^Look first at [a-z ]+: \d+\s% of a step of [\d.]+ ms; of its operations \w+ takes most \(\d+\s%\)\.$/m);
      expect(stdout).toMatch(/^total +[\d.]+ +[\d.]+ +100\.0\s% /m);
      expect(existsSync(join(workspace.root, ".taskscope/runs"))).toBe(false);
    });
  });
}

test("the smaller batch at the end of an epoch is no part of what is told", async () => {
  await using workspace = new ExampleWorkspace();
  const { code, stdout } = await workspace.taskscope(
    ...[
      "run",
      penguins,
      "--explain-step",
      "--json",
      "--backend",
      "wasm",
      "--set",
      "training.batchSize=100",
      "--set",
      "training.compile=false",
    ],
  );
  expect(code).toBe(0);
  const { rows } = stepExplanation.parse(jsonLine(stdout)).operations.plain;
  // A mean over steps that differ would be no whole number of times.
  for (const { times, outputs } of rows)
    for (const each of [times, ...outputs.map((output) => output.times)]) expect(each).toBe(Math.round(each));
});

test("an experiment with code of its own is explained by the copy that is not kept; what the code prints goes to stderr", async () => {
  await using workspace = new ExampleWorkspace();
  appendFileSync(join(workspace.root, "examples/custom/data.ts"), 'console.log("Rows are made.");\n');
  const { code, stdout, stderr } = await workspace.taskscope(
    ...["run", "examples/custom/custom.mtl.yaml", "--explain-step", "--json", "--backend", "wasm"],
  );
  expect([code, stderr]).toEqual([0, "Rows are made.\n"]);
  expect(stepExplanation.parse(JSON.parse(stdout)).experiment).toBe("custom");
});

test.each([
  ["an error in the file", ["--set", "training.epochs=0"], 2, /MTL\d{3}.*\n.*was not run/],
  ["missing data", ["--set", "data.file=nowhere.csv"], 2, /nowhere\.csv.*\n.*was not run/],
  ["both of two things", ["--detach"], 2, /--explain-step.*cannot be used with.*--detach/],
])("%s is answered as `run` answers it", async (_, args, code, words) => {
  await using workspace = new ExampleWorkspace();
  const outcome = await workspace.taskscope("run", penguins, "--explain-step", "--backend", "wasm", ...args);
  expect([outcome.code, outcome.stdout, outcome.stderr]).toEqual([code, "", expect.stringMatching(words)]);
  expect(existsSync(join(workspace.root, ".taskscope/runs"))).toBe(false);
});

test("as JSON, an experiment with errors is answered by what `check` tells of it", async () => {
  await using workspace = new ExampleWorkspace();
  appendFileSync(join(workspace.root, penguins), "unknown: 1\n");
  const explained = await workspace.taskscope("run", penguins, "--explain-step", "--json", "--backend", "wasm");
  const checked = await workspace.taskscope("check", penguins, "--json");
  expect([explained.code, explained.stderr]).toEqual([2, expect.stringMatching(/MTL\d{3}.*\n.*was not run/)]);
  expect([jsonLine(explained.stdout)]).toEqual(JSON.parse(checked.stdout));
});

test("as JSON, an override that is wrong stands with what it put in", async () => {
  await using workspace = new ExampleWorkspace();
  const { code, stdout } = await workspace.taskscope("run", penguins, "--explain-step", "--json", "--set", "training.epochs=0");
  expect(code).toBe(2);
  expect(jsonLine(stdout)).toEqual({
    file: penguins,
    diagnostics: [
      {
        set: "training.epochs=0",
        code: "MTL104",
        severity: "error",
        message: "`epochs` must be at least 1, but is 0.",
        fixes: ["Set to 1"],
      },
    ],
  });
});

test("a backend that does not load is the reason that a run would end with", async () => {
  await using workspace = new ExampleWorkspace();
  const home = join(workspace.root, "node_modules/@tensorflow/tfjs-node");
  mkdirSync(home, { recursive: true });
  writeFileSync(join(home, "package.json"), JSON.stringify({ name: "@tensorflow/tfjs-node", version: "4.22.0", main: "index.js" }));
  writeFileSync(join(home, "index.js"), `throw new Error("libtensorflow.so.2: cannot open shared object file");`);
  const outcome = await workspace.taskscope("run", penguins, "--explain-step", "--backend", "native");
  expect([outcome.code, outcome.stdout]).toEqual([1, ""]);
  expect(outcome.stderr).toMatch(/error: The package @tensorflow\/tfjs-node is installed but does not load: libtensorflow/);
  expect(outcome.stderr).not.toMatch(/\n {4}at /);
});
