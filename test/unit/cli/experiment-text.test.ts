import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { readExperimentFile } from "../../../src/cli/experiment-text.ts";

const folder = mkdtempSync(join(tmpdir(), "taskscope-text-"));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

test("a byte order mark is no part of the first line", async () => {
  const path = join(folder, "marked.mtl.yaml");
  writeFileSync(path, "\uFEFFname: a\r\n");
  expect((await readExperimentFile(path)).text).toBe("name: a\r\n");
});

test.skipIf(process.platform === "win32")("what never ends is not read", async () => {
  const path = join(folder, "endless.mtl.yaml");
  symlinkSync("/dev/zero", path);
  await expect(readExperimentFile(path)).rejects.toThrow(/is a device/);
});
