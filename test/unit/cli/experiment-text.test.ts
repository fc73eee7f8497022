import { execFileSync } from "node:child_process";
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

test.skipIf(process.platform === "win32")("a pipe with a name is not waited for", async () => {
  const path = join(folder, "pipe.mtl.yaml");
  execFileSync("mkfifo", [path]);
  await expect(readExperimentFile(path)).rejects.toThrow(/pipe\.mtl\.yaml is a pipe, which may never end/);
});

test.skipIf(process.platform === "win32")("what a shell makes of <(…) is read", async () => {
  const program = `import(${JSON.stringify(join(import.meta.dirname, "../../../src/cli/experiment-text.ts"))}).then(async ({ readExperimentFile }) =>
    process.stdout.write((await readExperimentFile(process.argv[1])).text))`;
  const script = `"$1" -e "$2" <(printf 'name: a')`;
  expect(execFileSync("bash", ["-c", script, "bash", process.execPath, program], { encoding: "utf8" })).toBe("name: a");
});

test.each([
  ["UTF-16 with its mark", Buffer.from("\uFEFFname: a\n", "utf16le"), /is UTF-16 text\. Save it as UTF-8/],
  ["UTF-16 without a mark", Buffer.from("name: a\n", "utf16le"), /is UTF-16 text/],
  ["UTF-16, greater half first", Buffer.from("name: a\n", "utf16le").swap16(), /is UTF-16 text/],
  ["Latin-1", Buffer.from("name: a # Grün\n", "latin1"), /is not UTF-8 text/],
])("%s is named", async (name, content, words) => {
  const path = join(folder, `${name}.mtl.yaml`);
  writeFileSync(path, content);
  await expect(readExperimentFile(path)).rejects.toThrow(words);
});
