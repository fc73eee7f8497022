import { BroadcastChannel, workerData } from "node:worker_threads";
import { isStoreThreadData } from "../../../src/trainer/store-messages.ts";
import { serveStore } from "../../../src/trainer/store-thread.ts";
import { answers, questions } from "./stores-time.ts";

/** The store's thread as in the trainer, which also tells how much processor time it has spent. */
const data: unknown = workerData;
if (!isStoreThreadData(data)) throw new TypeError("The store's thread was started without what it needs.");
const asked = new BroadcastChannel(questions);
const told = new BroadcastChannel(answers);
asked.onmessage = () => {
  const { user, system } = process.threadCpuUsage();
  told.postMessage((user + system) / 1000);
};
asked.unref();
told.unref();
await serveStore(data);
