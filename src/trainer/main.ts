import { resolve } from "node:path";
import { isMainThread, workerData } from "node:worker_threads";
import { isStoreThreadData } from "./store-messages.ts";

/**
 * The trainer: `trainer <run folder> [step]` trains one run and ends; from the checkpoint of that step, where one is given. The same file serves the store on a second thread,
 * tells whether a backend works, explains a step, and tries the user's own code for the inspector. The parts are loaded when they are needed: the store's thread must not load TensorFlow.js.
 */
async function main(): Promise<void> {
  if (!isMainThread) {
    const { serveStore } = await import("./store-thread.ts");
    const data: unknown = workerData;
    if (!isStoreThreadData(data)) throw new TypeError("The trainer's second thread was started without what it needs.");
    await serveStore(data);
    return;
  }
  const [entry, folder, step] = process.argv.slice(1);
  if (entry !== undefined && folder === "--try-modules") {
    const { tryModules } = await import("./try-modules.ts");
    return tryModules(resolve(entry), resolve(step ?? ""), Number(process.argv[4]));
  }
  if (entry !== undefined && folder === "--explain-step") {
    const { tellStep } = await import("./tell-step.ts");
    return tellStep(resolve(entry));
  }
  if (entry !== undefined && folder === "--try") return tryBackend(entry, process.argv.slice(3));
  if (entry === undefined || folder === undefined || (step !== undefined && !/^\d+$/.test(step))) {
    process.stderr.write("Usage: trainer <run folder> [step]. It is started by `taskscope run` and by the editor.\n");
    process.exitCode = 2;
    return;
  }
  const { runTrainer } = await import("./run-trainer.ts");
  // What the training may have left open (handles of a native backend, timers) must not keep an ended run's process alive.
  process.exit(await runTrainer(resolve(entry), resolve(folder), step === undefined ? null : Number(step)));
}

async function tryBackend(entry: string, [name, workspace]: readonly string[]): Promise<void> {
  if ((name !== "wasm" && name !== "native") || workspace === undefined) {
    process.stderr.write("Usage: trainer --try wasm|native <workspace folder>. It is started by `taskscope doctor`.\n");
    process.exit(2);
  }
  const { tellBackend } = await import("./tell-backend.ts");
  await tellBackend(resolve(entry), name, resolve(workspace));
  process.exit(0);
}

void main();
