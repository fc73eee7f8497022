import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { ExampleWorkspace, cli, jsonLine } from "./command.ts";

/** A disk of two megabytes in a name space of its own, where the system lets us make one. */
const smallDisk = (folder: string, command: string): string =>
  `mount -t tmpfs -o size=2m tmpfs '${folder}/disk' && cp '${folder}'/examples/penguins.* '${folder}/disk' && cd '${folder}/disk' && mkdir .taskscope && ${command}`;
const possible = process.platform === "linux" && spawnSync("unshare", ["-rm", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]).status === 0;

test.runIf(possible)("a full disk ends the run with that reason, and what was recorded can be read", async () => {
  await using workspace = new ExampleWorkspace();
  const { root } = workspace;
  const taskscope = `'${process.execPath}' '${cli}'`;
  const run = `${taskscope} run penguins.mtl.yaml --set training.epochs=100000 --set track.every=1 --backend wasm --json`;
  const read = `${taskscope} export "$(ls .taskscope/runs)" --format csv --series "loss/*" | wc -l`;
  spawnSync("mkdir", [`${root}/disk`]);
  const { stdout } = spawnSync("unshare", ["-rm", "sh", "-c", smallDisk(root, `{ ${run}; echo "code $?"; ${read}; }`)], {
    encoding: "utf8",
  });
  const [outcome = "", code, lines] = stdout.trim().split("\n");
  expect(jsonLine(outcome)).toMatchObject({ status: "failed", reason: expect.stringContaining("The disk is full") as unknown });
  expect(code).toBe("code 1");
  expect(Number(lines)).toBeGreaterThan(100);
});
