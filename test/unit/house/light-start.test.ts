import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { z } from "zod";

const bundle = join(import.meta.dirname, "../../../dist/extension.cjs");

/** Loads the bundle as a host does, with an empty thing for `vscode`, and tells which builtin modules that took. */
const load = `
  const Module = require("node:module");
  const anything = new Proxy(function () {}, {
    get: (target, key) => (key === Symbol.toPrimitive ? () => "" : anything),
    // Bundled code copies the names of a module and leaves the rest to its prototype.
    getPrototypeOf: () => anything,
  });
  const { _load } = Module;
  Module._load = (name, ...rest) => (name === "vscode" ? anything : _load(name, ...rest));
  const before = new Set(process.moduleLoadList);
  require(${JSON.stringify(bundle)});
  console.log(JSON.stringify(process.moduleLoadList.filter((name) => !before.has(name))));
`;

test("loading the extension loads neither the database nor TensorFlow.js", async () => {
  if (!existsSync(bundle)) throw new Error("dist/extension.cjs is not built: npm run build");
  const { stdout } = await promisify(execFile)(process.execPath, ["--eval", load]);
  const loaded = z.array(z.string()).parse(JSON.parse(stdout));
  // That the bundle holds no TensorFlow.js at all is checked where it is built.
  expect(loaded.filter((name) => name.includes("sqlite"))).toEqual([]);
  expect(loaded).not.toEqual([]);
});
