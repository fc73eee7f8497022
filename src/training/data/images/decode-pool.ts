import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";

import type { DecodeAnswer, DecodedKind, DecodeJob, DecodeThreadData } from "./decode-messages.ts";
import { ImageFault } from "./image-fault.ts";
import type { ImageForm } from "./resize.ts";

/** Jobs that a thread holds, so that it has the next one when it has answered. */
const jobsAtOnce = 4;

interface Waiting extends DecodeJob {
  readonly resolve: (pixels: Uint8Array) => void;
  readonly reject: (reason: Error) => void;
}

interface Thread {
  readonly worker: Worker;
  readonly jobs: Map<number, Waiting>;
}

/** Threads that decode images, first asked first served. They start with the first image, and keep no process alive while they rest. */
export class DecodePool {
  readonly #data: DecodeThreadData;
  readonly #most: number;
  readonly #threads: Thread[] = [];
  readonly #queue: Waiting[] = [];
  #asked = 0;

  /** As many threads as cores, up to four: where the training waits for images its own core is free. */
  constructor(form: ImageForm, threads: number = Math.min(4, availableParallelism())) {
    this.#data = { form };
    this.#most = threads;
  }

  /** Reads a file and decodes it. Rejects with `ImageFault`. */
  decode(path: string, what: DecodedKind): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ id: this.#asked++, path, what, resolve, reject });
      this.#handOut();
    });
  }

  /** Ends the threads; what is still waited for is given up. */
  async close(): Promise<void> {
    this.#queue.length = 0;
    await Promise.all(this.#threads.splice(0).map(({ worker }) => worker.terminate()));
  }

  #handOut(): void {
    while (this.#queue.length > 0) {
      const thread = this.#freeThread();
      const job = thread === undefined ? undefined : this.#queue.shift();
      if (thread === undefined || job === undefined) return;
      if (thread.jobs.size === 0) thread.worker.ref();
      thread.jobs.set(job.id, job);
      thread.worker.postMessage({ id: job.id, path: job.path, what: job.what } satisfies DecodeJob);
    }
  }

  /** The thread with the fewest jobs; a new one where all have some and there may be more. */
  #freeThread(): Thread | undefined {
    const least = this.#threads.toSorted((a, b) => a.jobs.size - b.jobs.size)[0];
    if (least === undefined || (least.jobs.size > 0 && this.#threads.length < this.#most)) return this.#start();
    return least.jobs.size < jobsAtOnce ? least : undefined;
  }

  #start(): Thread {
    const worker = new Worker(threadFile(), { workerData: this.#data });
    const thread: Thread = { worker, jobs: new Map() };
    worker.on("message", (answer: DecodeAnswer) => this.#take(thread, answer));
    worker.on("error", (error) => this.#lose(thread, error));
    worker.on("exit", (code) => this.#lose(thread, new Error(`A thread that decodes images ended with code ${code}.`)));
    this.#threads.push(thread);
    return thread;
  }

  #take(thread: Thread, answer: DecodeAnswer): void {
    const job = thread.jobs.get(answer.id);
    thread.jobs.delete(answer.id);
    if (thread.jobs.size === 0) thread.worker.unref();
    if ("pixels" in answer) job?.resolve(answer.pixels);
    else job?.reject(new ImageFault(answer.code, answer.why));
    this.#handOut();
  }

  /** A thread that ended answers nothing any more. */
  #lose(thread: Thread, error: Error): void {
    const place = this.#threads.indexOf(thread);
    if (place >= 0) this.#threads.splice(place, 1);
    for (const job of thread.jobs.values()) job.reject(error);
    thread.jobs.clear();
    if (place >= 0) this.#handOut();
  }
}

/** Beside the bundle, or among the sources. */
function threadFile(): string {
  const bundled = join(import.meta.dirname, "image-decoder.cjs");
  return existsSync(bundled) ? bundled : join(import.meta.dirname, "decode-thread.ts");
}
