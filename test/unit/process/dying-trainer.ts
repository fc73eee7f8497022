import { EventEmitter, once } from "node:events";
import { isMainThread, parentPort } from "node:worker_threads";
import { identityOf } from "../../../src/runs/process/process-identity.ts";
import { Recording, RecordingError } from "../../../src/trainer/recording.ts";

/** A trainer whose store's thread begins, and dies at once; says on stdout how its recording took that. */
async function main(): Promise<void> {
  if (!isMainThread) {
    parentPort?.postMessage({ kind: "ready", journal: "wal" });
    process.exit(1);
  }
  const [entry = "", folder = ""] = process.argv.slice(1);
  const owner = identityOf(process.pid);
  if (owner === undefined) throw new Error("this process has no identity");
  const alive = setInterval(() => undefined, 1_000_000);
  const log = new EventEmitter();
  const died = once(log, "line");
  const recording = await Recording.start({ entry, folder, owner, log: () => log.emit("line") });
  await died;
  try {
    await recording.end({ status: "completed", reason: null, result: null });
  } catch (error) {
    if (!(error instanceof RecordingError)) throw error;
    process.stdout.write(JSON.stringify({ failure: recording.failure, stop: recording.stopRequested(), message: error.message }));
  }
  clearInterval(alive);
}

void main();
