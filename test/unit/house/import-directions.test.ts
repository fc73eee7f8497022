import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";

const root = join(import.meta.dirname, "../../..");

/** A deliberate violation: the file, what it imports, and the rule that must object. */
const violations: [file: string, source: string, rule: string][] = [
  ["src/balancers/bad.ts", `import { x } from "../experiment/record.ts";`, "door-of-balancers"],
  ["src/experiment/bad.ts", `import { x } from "../runs/contract.ts";`, "door-of-experiment"],
  ["src/analysis/bad.ts", `import { x } from "../runs/store.ts";`, "door-of-analysis"],
  ["src/analysis/bad-value.ts", `import { x } from "../runs/contract.ts";`, "types-only-in-analysis"],
  ["src/training/bad.ts", `import { x } from "../runs/store.ts";`, "door-of-training"],
  ["src/runs/bad.ts", `import { x } from "../training/train.ts";`, "door-of-runs"],
  ["src/trainer/bad.ts", `import { x } from "../analysis/ranks.ts";`, "door-of-trainer"],
  ["src/cli/bad.ts", `import { x } from "../trainer/main.ts";`, "door-of-cli"],
  ["src/editor/bad.ts", `import { x } from "../training/train.ts";`, "door-of-editor"],
  ["src/editor/bad-lazy.ts", `export const late = () => import("../cli/main.ts");`, "door-of-editor"],
  ["webview-ui/bad.ts", `import { x } from "../src/runs/store.ts";`, "door-of-webview-ui"],
  ["webview-ui/bad-type.ts", `import type { X } from "../src/editor/tree.ts";`, "door-of-webview-ui"],
  ["webview-ui/bad-value.ts", `import { x } from "../src/experiment/schema.ts";`, "types-only-in-webview-ui"],
  ["src/runs/bad-host.ts", `import * as vscode from "vscode";`, "vscode-only-in-editor"],
  ["src/runs/bad-tensors.ts", `import * as tf from "@tensorflow/tfjs-core";`, "tensorflow-only-in-training"],
  ["src/trainer/bad-tensors.ts", `import * as tf from "@tensorflow/tfjs-core/dist/tape";`, "tensorflow-only-in-training"],
  ["src/experiment/bad-node.ts", `import { readFileSync } from "node:fs";`, "no-node-in-pure-rooms"],
  ["src/balancers/bad-node.ts", `import { join } from "node:path";`, "no-node-in-pure-rooms"],
  ["src/analysis/bad-node.ts", `import { DatabaseSync } from "node:sqlite";`, "no-node-in-pure-rooms"],
  ["webview-ui/bad-node.ts", `import { join } from "path";`, "no-node-in-pure-rooms"],
  ["src/runs/contract.ts", `import { join } from "node:path";`, "no-node-in-pure-rooms"],
  ["src/helpers/bad.ts", `import { x } from "../runs/store.ts";`, "rooms-only-at-home"],
  ["src/runs/cycle-a.ts", `import { b } from "./cycle-b.ts";`, "no-cycles"],
  ["src/runs/bad-package.ts", `import { test } from "vitest";`, "no-development-package-in-product"],
  ["src/runs/bad-nowhere.ts", `import { x } from "./nowhere.ts";`, "no-unresolvable"],
];

/** What the house allows: no rule may object. */
const allowed: [file: string, source: string][] = [
  ["src/experiment/record.ts", `import { x } from "../balancers/catalogue.ts";`],
  ["src/analysis/ranks.ts", `import type { X } from "../runs/contract.ts"; import { x } from "../experiment/record.ts";`],
  ["src/training/train.ts", `import { x } from "../experiment/record.ts"; import * as tf from "@tensorflow/tfjs-core";`],
  ["src/runs/store.ts", `import { x } from "../experiment/record.ts"; import { DatabaseSync } from "node:sqlite";`],
  ["src/trainer/main.ts", `import { x } from "../training/train.ts"; import { y } from "../runs/store.ts";`],
  ["src/cli/main.ts", `import { x } from "../runs/store.ts"; import { y } from "../analysis/ranks.ts"; import { join } from "node:path";`],
  [
    "src/editor/tree.ts",
    `import * as vscode from "vscode"; import { x } from "../runs/store.ts"; import { y } from "../balancers/catalogue.ts";`,
  ],
  ["src/editor/protocol.ts", `import type { X } from "../runs/contract.ts";`],
  [
    "webview-ui/main.ts",
    `import { x } from "../src/analysis/ranks.ts"; import { y } from "../src/runs/contract.ts"; import type { Y } from "../src/editor/protocol.ts";`,
  ],
];

const others: [file: string, source: string][] = [
  ["src/balancers/catalogue.ts", ""],
  ["src/experiment/schema.ts", ""],
  ["src/runs/cycle-b.ts", `import { a } from "./cycle-a.ts";`],
  [
    "tsconfig.json",
    `{"compilerOptions": {"allowImportingTsExtensions": true, "noEmit": true, "moduleResolution": "bundler", "module": "esnext"}}`,
  ],
];

const report = z.object({
  summary: z.object({ violations: z.array(z.object({ from: z.string(), rule: z.object({ name: z.string() }) })) }),
});

let tree = "";
let found: string[] = [];

beforeAll(async () => {
  tree = await mkdtemp(join(tmpdir(), "taskscope-directions-"));
  for (const [file, source] of [...violations, ...allowed, ...others]) {
    await mkdir(join(tree, dirname(file)), { recursive: true });
    await writeFile(
      join(tree, file),
      file.endsWith(".json") ? source : `${source}\nexport const x = 1, y = 1, a = 1, b = 1; export type X = 1; export type Y = 1;\n`,
    );
  }
  for (const shared of ["node_modules", "package.json"]) await symlink(join(root, shared), join(tree, shared));
  const cruiser = join(root, "node_modules/dependency-cruiser/bin/dependency-cruise.mjs");
  const args = [cruiser, "--config", join(root, ".dependency-cruiser.cjs"), "--output-type", "json", "src", "webview-ui"];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: tree, maxBuffer: 1e8 }).catch((error: unknown) => {
    // With violations the cruiser ends with their number and prints the report all the same.
    return z.object({ stdout: z.string() }).parse(error);
  });
  found = report.parse(JSON.parse(stdout)).summary.violations.map(({ from, rule }) => `${from} ${rule.name}`);
});

afterAll(async () => rm(tree, { recursive: true, force: true }));

describe("the import rules object to", () => {
  test.each(violations)("%s: %s", (file, _source, rule) => {
    expect(found).toContain(`${file} ${rule}`);
  });
});

test("the import rules let every allowed direction pass", () => {
  const files = new Set(allowed.map(([file]) => file));
  expect(found.filter((violation) => files.has(violation.split(" ")[0] ?? ""))).toEqual([]);
});
