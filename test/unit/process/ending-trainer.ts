import { once } from "node:events";
import { isMainThread, workerData } from "node:worker_threads";
import type { RunDescription } from "../../../src/experiment/record.ts";
import { identityOf } from "../../../src/runs/process/process-identity.ts";
import { Recording } from "../../../src/trainer/recording.ts";
import { isStoreThreadData } from "../../../src/trainer/store-messages.ts";
import { serveStore } from "../../../src/trainer/store-thread.ts";

const description: RunDescription = {
  tasks: [],
  parameters: [],
  ownership: "attributed",
  backend: "none",
  stepsPerEpoch: 1,
  totalSteps: 100,
  epochs: 100,
  rows: { train: 1, validation: 0, test: 0 },
};

/** A trainer that begins, and once it is told to (SIGUSR2, or that its folder is gone) says everything there is to say, and completes. */
async function main(): Promise<void> {
  if (!isMainThread) {
    const data: unknown = workerData;
    if (isStoreThreadData(data)) await serveStore(data);
    return;
  }
  const [entry = "", folder = ""] = process.argv.slice(1);
  const owner = identityOf(process.pid);
  if (owner === undefined) throw new Error("this process has no identity");
  const told = once(process, "SIGUSR2");
  const recording = await Recording.start({ entry, folder, owner, log: (text) => process.stderr.write(`${text}\n`) });
  recording.scalar("loss/a", 0, 0);
  recording.progress(0, 0);
  // A signal alone does not keep a process, and does not come where the test has failed.
  let look: NodeJS.Timeout | undefined;
  await Promise.race([told, new Promise<void>((resolve) => (look = setInterval(() => recording.stopRequested() && resolve(), 100)))]);
  clearInterval(look);
  recording.versions({ backend: "none 1" });
  recording.describe(description);
  recording.requestStop();
  for (let step = 1; step < 100; step++) {
    recording.scalar("loss/a", step, step);
    recording.progress(step, step);
  }
  recording.event({ kind: "note", step: 99, at: 0, message: "done" });
  await recording.end({ status: "completed", reason: null, result: null });
}

void main();
