import { setTimeout } from "node:timers/promises";
import { isMainThread, workerData } from "node:worker_threads";
import { identityOf } from "../../../src/runs/process/process-identity.ts";
import { Recording } from "../../../src/trainer/recording.ts";
import { isStoreThreadData } from "../../../src/trainer/store-messages.ts";
import { serveStore } from "../../../src/trainer/store-thread.ts";

/** A trainer that records the time of day, a step every few milliseconds, until it is killed or its folder is gone. */
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
  for (let step = 0; !recording.stopRequested(); step++) {
    recording.scalar("time", step, Date.now());
    recording.progress(step, 0);
    await setTimeout(2);
  }
  await recording.end({ status: "stopped", reason: null, result: null });
}

void main();
