import { join } from "node:path";
import { expect, test } from "vitest";
import { startTrainer } from "../../../src/runs/process/start-trainer.ts";
import { openMigrated } from "../../../src/runs/store/open-store.ts";
import { RunReader } from "../../../src/runs/store/run-reader.ts";
import { TemporaryWorkspace } from "../runs/temporary-run.ts";
import { until } from "./command.ts";

const entry = join(import.meta.dirname, "../../../dist/trainer.cjs");

test("a run that its trainer cannot record fails with the trainer's reason", async () => {
  using workspace = new TemporaryWorkspace();
  const folder = workspace.bareRun();
  // As a run looks that a trainer has begun: no other may record it.
  const database = openMigrated(join(folder, "run.sqlite"), "write");
  database.exec("UPDATE run SET heartbeat_at = 5");
  database.close();
  await startTrainer(folder, { entry, execPath: process.execPath });
  using reader = RunReader.open(folder);
  const run = await until(
    "it has ended",
    () => reader.summary(),
    ({ status }) => status === "failed" || status === "crashed",
  );
  expect([run.status, run.reason]).toEqual(["failed", "This run has had its trainer already; run the experiment again."]);
});
