import { isMainThread, workerData } from "node:worker_threads";
import { identityOf } from "../../../src/runs/process/process-identity.ts";
import { Recording } from "../../../src/trainer/recording.ts";
import { isStoreThreadData } from "../../../src/trainer/store-messages.ts";
import { serveStore } from "../../../src/trainer/store-thread.ts";

/** A trainer whose training thread, once it has recorded a little, is stuck in one long operation. */
async function main(): Promise<void> {
  if (!isMainThread) {
    const data: unknown = workerData;
    if (isStoreThreadData(data)) await serveStore(data);
    return;
  }
  const [entry = "", folder = ""] = process.argv.slice(1);
  const owner = identityOf(process.pid);
  if (owner === undefined) throw new Error("this process has no identity");
  const recording = await Recording.start({ entry, folder, owner, log: () => undefined });
  for (let step = 0; step < 100; step++) {
    recording.scalar("loss/a", step, step);
    recording.progress(step, 0);
  }
  const word = new Int32Array(new SharedArrayBuffer(4));
  while (!recording.stopRequested()) Atomics.wait(word, 0, 0, 50);
  recording.scalar("loss/a", 100, -1);
  recording.progress(100, 0);
  Atomics.wait(word, 0, 0, 60_000);
}

void main();
