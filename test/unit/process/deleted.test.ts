import { closeSync, copyFileSync, existsSync, openSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { RunSummary } from "../../../src/runs/contract.ts";
import { isSame } from "../../../src/runs/process/process-identity.ts";
import { ExampleWorkspace, until } from "./command.ts";

// Windows deletes and replaces no file that is open.
test.skipIf(process.platform === "win32")("a trainer whose folder was deleted ends, says why, and leaves no shell of it", async () => {
  await using workspace = new ExampleWorkspace();
  const run = await workspace.endless();
  const log = openSync(join(run.folder, "trainer.log"), "r");
  try {
    rmSync(run.folder, { recursive: true, maxRetries: 5 });
    await untilGone(run);
    expect(readFileSync(log, "utf8")).toMatch(
      /^.* Recording failed: The run's folder .* was deleted or moved\. .*so the training ends\.$/m,
    );
    expect(existsSync(run.folder)).toBe(false);
  } finally {
    closeSync(log);
  }
});

test.skipIf(process.platform === "win32")("a trainer whose store is another file by now ends, and leaves that file alone", async () => {
  await using workspace = new ExampleWorkspace();
  const run = await workspace.endless();
  const store = join(run.folder, "run.sqlite");
  renameSync(store, `${store}.away`);
  copyFileSync(`${store}.away`, store);
  const before = readFileSync(store);
  await untilGone(run);
  expect(readFileSync(join(run.folder, "trainer.log"), "utf8")).toMatch(
    /Recording failed: Another file has taken the place of .*run\.sqlite\./,
  );
  expect(readFileSync(store).equals(before)).toBe(true);
});

test.skipIf(process.platform !== "linux")("a test's workspace ends the trainer of a run that cannot be read", async () => {
  const workspace = new ExampleWorkspace();
  const run = await workspace.endless();
  for (const name of readdirSync(run.folder).filter((each) => each.startsWith("run.sqlite"))) rmSync(join(run.folder, name));
  writeFileSync(join(run.folder, "run.sqlite"), "no store");
  await workspace[Symbol.asyncDispose]();
  expect(run.owner === null ? "unknown" : isSame(run.owner)).toBe("gone");
});

async function untilGone({ owner }: RunSummary): Promise<void> {
  if (owner === null) throw new Error("The run has no owner.");
  await until(
    "its trainer is gone",
    () => isSame(owner),
    (liveness) => liveness === "gone",
    10_000,
  );
}
