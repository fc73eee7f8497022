import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { experimentSchema, type Experiment } from "../../../src/experiment/schema.ts";
import { Inspector } from "../../../src/runs/inspector.ts";

const realEntry = join(import.meta.dirname, "../../../src/trainer/inspector.ts");

let folder = "";
let inspector: Inspector | undefined;
let lines: string[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "taskscope-inspector-"));
  lines = [];
});
afterEach(() => {
  inspector?.dispose();
  rmSync(folder, { recursive: true, force: true });
});

function open(entry = realEntry, timeLimit?: number): Inspector {
  const log = (line: string): void => void lines.push(line);
  inspector = new Inspector({ entry, execPath: process.execPath, log, ...(timeLimit === undefined ? {} : { timeLimit }) });
  return inspector;
}

/** A program that stands in for the inspector where its own failures are to be seen. */
function program(source: string): string {
  const path = join(folder, "program.mjs");
  writeFileSync(path, source);
  return path;
}

function table(rows: number): void {
  writeFileSync(join(folder, "t.csv"), `x,y\n${Array.from({ length: rows }, (_, i) => `${String(i)},${String(2 * i)}`).join("\n")}\n`);
}

function experiment(trunk: unknown[] = [{ dense: { units: 4 } }], inputs = ["x"], file = "t.csv"): Experiment {
  return experimentSchema.parse({ name: "t", data: { file, inputs }, tasks: { y: { kind: "regression" } }, model: { trunk } });
}

function started(): number[] {
  return lines.flatMap((line) => /started, pid (\d+)/.exec(line)?.[1] ?? []).map(Number);
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe("the inspector", () => {
  test("tells columns, rows and layers of an experiment", async () => {
    table(20);
    const facts = await open().inspect(experiment(), folder);
    expect(facts).toEqual({
      data: {
        columns: [
          { name: "x", type: "number", missing: 0, distinct: 20 },
          { name: "y", type: "number", missing: 0, distinct: 20 },
        ],
        rows: { train: 14, validation: 3, test: 3 },
        problems: [],
      },
      model: {
        layers: [
          { path: ["model", "trunk", 0], name: "dense1", outputShape: [4], parameters: 8, weights: ["kernel", "bias"] },
          { path: ["tasks", "y"], name: "y.output", outputShape: [1], parameters: 5, weights: ["kernel", "bias"] },
        ],
        problems: [],
      },
    });
  });

  test("lists every problem of the columns, and a shape problem at its layer", async () => {
    table(20);
    const columns = await open().inspect(experiment(undefined, ["z", "w"]), folder);
    expect(columns.data.problems.map(({ code, path }) => [code, path.join(".")])).toEqual([
      ["MTL301", "data.inputs.0"],
      ["MTL301", "data.inputs.1"],
    ]);
    expect(columns.data.columns).toHaveLength(2);
    const shapes = await open().inspect(experiment([{ dense: { units: 4 } }, "maxPooling2d"]), folder);
    expect(shapes.model.problems).toMatchObject([{ code: "MTL401", path: ["model", "trunk", 1] }]);
  });

  test("answers for the bundled data set and for a file that is not there", async () => {
    const raw = {
      name: "t",
      data: { dataset: "multi-mnist", pairs: 2 },
      tasks: { left: { kind: "classification" } },
      model: { trunk: ["flatten"] },
    };
    const digits = await open().inspect(experimentSchema.parse(raw), folder);
    expect(digits.data.rows).toEqual({ train: 14_000, validation: 3000, test: 3000 });
    expect(digits.model.layers.map(({ outputShape }) => outputShape)).toEqual([[784], [10]]);
    const nothing = await open().inspect(experiment(), folder);
    expect(nothing).toMatchObject({ data: { columns: undefined, problems: [{ code: "MTL310" }] }, model: { layers: [], problems: [] } });
  });

  test("asks another computer for a file only where the workspace is trusted", async () => {
    let trusted = false;
    inspector = new Inspector({ entry: realEntry, execPath: process.execPath, isTrusted: () => trusted });
    const codes = async (file: string) =>
      (await inspector?.inspect(experiment(undefined, undefined, file), folder))?.data.problems.map(({ code }) => code);
    for (const file of ["\\\\server\\share\\t.csv", "//server/share/t.csv", "\\/server/t.csv", "\\\\?\\UNC\\server\\t.csv"]) {
      expect(await codes(file)).toEqual(["MTL321"]);
    }
    table(20);
    expect(await codes("t.csv")).toEqual([]);
    trusted = true;
    expect(await codes("//server/share/t.csv")).toEqual(["MTL310"]);
  });

  test("reads a file again only when it has changed", async () => {
    table(20);
    const asked = open();
    expect((await asked.inspect(experiment(), folder)).data.rows?.train).toBe(14);
    table(40);
    expect((await asked.inspect(experiment(), folder)).data.rows?.train).toBe(28);
    expect(started()).toHaveLength(1);
  });

  test("uses one process for questions that come together", async () => {
    table(20);
    const asked = open();
    const answers = await Promise.all([1, 2, 3].map((units) => asked.inspect(experiment([{ dense: { units } }]), folder)));
    expect(answers.map(({ model }) => model.layers[0]?.outputShape)).toEqual([[1], [2], [3]]);
    expect(started()).toHaveLength(1);
  });

  test("starts again after its process was killed", async () => {
    table(20);
    const asked = open();
    await asked.inspect(experiment(), folder);
    const [pid = 0] = started();
    process.kill(pid, "SIGKILL");
    const facts = await asked.inspect(experiment(), folder);
    expect(facts.data.rows?.train).toBe(14);
    expect(started()).toHaveLength(2);
  });

  test("ends its process when it is closed", async () => {
    table(20);
    await open().inspect(experiment(), folder);
    const [pid = 0] = started();
    inspector?.dispose();
    await vi.waitFor(() => {
      expect(isAlive(pid)).toBe(false);
    });
    await expect(inspector?.inspect(experiment(), folder)).rejects.toThrow("closed");
  });
});

describe("an inspector whose process fails", () => {
  test("puts the question once more, then says so", async () => {
    const asked = open(program('process.on("message", () => process.exit(3));'));
    await expect(asked.inspect(experiment(), folder)).rejects.toThrow(/ended twice \(exit code 3\)/);
    expect(started()).toHaveLength(2);
  });

  test("says so when there is no such program", async () => {
    await expect(open(join(folder, "nowhere.mjs")).inspect(experiment(), folder)).rejects.toThrow("ended twice");
    expect(lines.join("\n")).toContain("nowhere.mjs");
  });

  test("gives up after the time limit and ends the process", async () => {
    const asked = open(program('process.on("message", () => { for (;;); });'), 300);
    await expect(asked.inspect(experiment(), folder)).rejects.toThrow("longer than 0.3 s");
    const [pid = 0] = started();
    await vi.waitFor(() => {
      expect(isAlive(pid)).toBe(false);
    });
  });

  test("passes on what the process could not do", async () => {
    const asked = open(program('process.on("message", ({ id }) => process.send({ id, error: "no room" }));'));
    await expect(asked.inspect(experiment(), folder)).rejects.toThrow("no room");
  });
});
