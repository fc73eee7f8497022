import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { writeUserTypes } from "../../../src/runs/user-types.ts";

const root = join(import.meta.dirname, "../../..");
const api = join(root, "api/taskscope.d.ts");
const custom = join(root, "examples/custom");

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "taskscope-types-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** What the compiler says of the folder's files, as an editor would. */
function complaints(): string[] {
  const { stdout } = spawnSync(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", folder], { encoding: "utf8" });
  return stdout.split("\n").filter((line) => line !== "");
}

function example(): void {
  for (const name of ["data.ts", "model.ts"]) cpSync(join(custom, name), join(folder, name));
  writeUserTypes(folder, api);
}

test("the types beside the example are those that the command writes", () => {
  expect(writeUserTypes(folder, api).map((file) => basename(file))).toEqual(["taskscope.d.ts", "tsconfig.json"]);
  for (const name of ["taskscope.d.ts", "tsconfig.json"]) expect(normal(join(folder, name))).toBe(normal(join(custom, name)));
});

/** The formatter lays JSON out in another way. */
function normal(file: string): string {
  const text = readFileSync(file, "utf8");
  return file.endsWith(".json") ? JSON.stringify(JSON.parse(text)) : text;
}

test("a configuration that is there, also above, stays as it is", () => {
  writeFileSync(join(folder, "tsconfig.json"), "{}");
  expect(writeUserTypes(join(folder, "inner"), api).map((file) => basename(file))).toEqual(["taskscope.d.ts"]);
  expect(existsSync(join(folder, "inner/tsconfig.json"))).toBe(false);
  expect(readFileSync(join(folder, "tsconfig.json"), "utf8")).toBe("{}");
});

describe("the example has no complaint", { timeout: 120_000 }, () => {
  test("where TensorFlow.js is not installed", () => {
    example();
    expect(complaints()).toEqual([]);
  });

  test("where it is, and then a mistake is told", () => {
    example();
    mkdirSync(join(folder, "node_modules"));
    symlinkSync(join(root, "node_modules/@tensorflow"), join(folder, "node_modules/@tensorflow"));
    expect(complaints()).toEqual([]);
    const model = join(folder, "model.ts");
    writeFileSync(model, readFileSync(model, "utf8").replace("tf.softmax(", "tf.softmaks("));
    const data = join(folder, "data.ts");
    writeFileSync(data, readFileSync(data, "utf8").replace("splits:", "split:"));
    expect(complaints().map((line) => line.replace(/^.*error /, "").replace(/:.*/, ""))).toEqual(expect.arrayContaining(["TS2551"]));
    expect(complaints().some((line) => line.includes("data.ts") && line.includes("TS2345"))).toBe(true);
  });
});
