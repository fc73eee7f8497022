import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isMainThread, parentPort, receiveMessageOnPort, type MessagePort } from "node:worker_threads";
import { runFiles } from "../runs/contract.ts";
import { isLocked, lockPatienceMs, patiently } from "../runs/store/patience.ts";
import { type Ending, RunWriter } from "../runs/store/run-writer.ts";
import { StoreFile } from "../runs/store/store-file.ts";
import { RunStoreError } from "../runs/store/store-error.ts";
import { PointRing, type PointVisitor } from "./point-ring.ts";
import { flag, progressSeries, type FromStore, type StoreThreadData, type ToStore } from "./store-messages.ts";

/** How often the thread looks at requests and commits what came in. */
const tickMs = 100;
/** The longest time between two signs of life. */
const heartbeatMs = 1_000;
/** Bytes kept back, so that a full disk still has room for the run's last row. */
const reserveBytes = 512 * 1024;

/**
 * The thread that owns the run's store. It has its own, because an operation of the training may block its thread for
 * seconds: points that were handed over still reach the disk, the heart still beats, and requests are still heard.
 */
export async function serveStore(data: StoreThreadData): Promise<void> {
  if (isMainThread || parentPort === null) throw new Error("The store is served on a thread of its own.");
  const port = parentPort;
  try {
    // Before it is opened: a file that takes its place later is another one.
    const file = StoreFile.at(join(data.folder, runFiles.store));
    const writer = await patiently(() => openOwned(data));
    if (writer === undefined) {
      post(port, { kind: "refused", message: "This run has had its trainer already; run the experiment again." });
      return;
    }
    new StoreThread(writer, file, data, port);
    post(port, { kind: "ready", journal: writer.journal });
  } catch (error) {
    post(port, { kind: "refused", message: messageOf(error) });
  }
}

/** The writer of a run that is this trainer's from now on; undefined for a run that had a trainer before. */
function openOwned({ folder, owner, resumeAt }: StoreThreadData): RunWriter | undefined {
  const writer = RunWriter.open(folder);
  let owned = false;
  try {
    if (resumeAt !== null) writer.continueAt(resumeAt);
    owned = writer.begin(owner, Date.now());
  } finally {
    if (!owned) writer.close();
  }
  return owned ? writer : undefined;
}

class StoreThread implements PointVisitor {
  readonly #writer: RunWriter;
  readonly #file: StoreFile;
  readonly #port: MessagePort;
  readonly #flags: Int32Array;
  readonly #reserve: string;
  /** By number − 1. */
  readonly #series: { readonly name: string; readonly width: number }[] = [];
  #ring: PointRing;
  /** Rings that the training thread has left for a larger one, until they are read to their end. */
  readonly #left: PointRing[] = [];
  readonly #timer: NodeJS.Timeout;
  #committedAt = Date.now();
  #lookedAt = Date.now();
  #lockedSince: number | undefined;
  #waiting = false;
  #ending: Ending | undefined;
  #failure: string | undefined;

  constructor(writer: RunWriter, file: StoreFile, data: StoreThreadData, port: MessagePort) {
    this.#writer = writer;
    this.#file = file;
    this.#port = port;
    this.#flags = new Int32Array(data.flags);
    this.#ring = new PointRing(data.ring);
    this.#reserve = join(data.folder, ".reserve");
    this.#guard(() => writeFileSync(this.#reserve, Buffer.alloc(reserveBytes, 1)));
    port.on("message", (message: ToStore) => {
      this.#guard(() => this.#take(message));
      this.#guard(() => this.#keepUp());
    });
    this.#timer = setInterval(() => this.#guard(() => this.#tick()), tickMs);
  }

  /**
   * Takes in all that the training thread has handed over: messages in their order, and the points that were there before the last
   * of them was looked for. So whatever was said before a point is heard before it is read (what its number stands for, that a run
   * goes on), and a commit that tells of an event has the points before it too.
   */
  #takeIn(): void {
    let mark: number;
    let heard: boolean;
    do {
      ({ mark } = this.#ring);
      heard = this.#hearTraining();
    } while (heard);
    this.#guard(() => this.#readTo(mark));
    if (this.#ending !== undefined) void this.#end(this.#ending);
  }

  /** What cannot be read is still there the next time, in every ring. */
  #readTo(mark: number): void {
    for (let [left] = this.#left; left !== undefined; [left] = this.#left) {
      left.readTo(left.mark, this);
      this.#left.shift();
    }
    this.#ring.readTo(mark, this);
  }

  /** False when nothing was said. */
  #hearTraining(): boolean {
    let heard = false;
    for (;;) {
      const next: { readonly message: ToStore } | undefined = receiveMessageOnPort(this.#port);
      if (next === undefined) return heard;
      this.#guard(() => this.#take(next.message));
      heard = true;
    }
  }

  #take(message: ToStore): void {
    if (message.kind === "end") {
      this.#ending = message.ending;
      return;
    }
    if (message.kind === "ring") {
      this.#left.push(this.#ring);
      this.#ring = new PointRing(message.ring);
      return;
    }
    if (message.kind === "series") {
      this.#series.push(message);
      return;
    }
    if (this.#failure !== undefined) return;
    switch (message.kind) {
      case "snapshot":
        for (const map of message.maps) this.#writer.snapshot(message.step, message.epoch, map);
        break;
      case "event":
        this.#writer.event(message.event);
        break;
      case "describe":
        this.#writer.describe(message.description);
        break;
      case "resume":
        this.#writer.resume(message.epoch, Date.now());
        break;
      case "versions":
        this.#writer.noteVersions(message.versions);
        break;
      case "stopping":
        this.#writer.stopping();
        break;
    }
    this.#waiting = true;
  }

  width(series: number): number {
    return series === progressSeries ? 1 : this.#named(series).width;
  }

  scalar(series: number, step: number, value: number): void {
    if (this.#failure !== undefined) return;
    if (series === progressSeries) this.#writer.progress(step, value);
    else this.#writer.scalar(this.#named(series).name, step, value);
    this.#waiting = true;
  }

  vector(series: number, step: number, values: Float32Array): void {
    if (this.#failure !== undefined) return;
    this.#writer.vector(this.#named(series).name, step, values);
    this.#waiting = true;
  }

  #named(series: number): { readonly name: string; readonly width: number } {
    const named = this.#series[series - 1];
    if (named === undefined) throw new Error(`A point came under the number ${series}, which stands for no series.`);
    return named;
  }

  /** A flood of messages must not keep the timer from its turn. A locked store is the timer's affair: every try takes seconds. */
  #keepUp(): void {
    if (this.#ending === undefined && (this.#lockedSince !== undefined || Date.now() - this.#committedAt <= 2 * tickMs)) return;
    this.#takeIn();
    if (this.#failure === undefined && this.#ending === undefined) this.#commit();
  }

  #tick(): void {
    this.#takeIn();
    if (this.#failure !== undefined || this.#ending !== undefined) return;
    this.#hear();
    if (Date.now() - this.#lookedAt >= heartbeatMs) {
      this.#lookedAt = Date.now();
      // SQLite goes on writing to a file that was deleted or moved away: the training would go on for nobody.
      this.#file.requireThere();
    }
    if (this.#waiting || Date.now() - this.#committedAt >= heartbeatMs - tickMs) this.#commit();
  }

  #hear(): void {
    for (const { kind } of this.#writer.takeRequests(Date.now())) {
      if (kind === "checkpoint") Atomics.add(this.#flags, flag.checkpoints, 1);
      if (kind === "stop") {
        Atomics.store(this.#flags, flag.stop, 1);
        this.#writer.stopping();
        this.#waiting = true;
        post(this.#port, { kind: "stop-requested" });
      }
    }
  }

  #commit(): void {
    this.#writer.commit(Date.now());
    this.#committedAt = Date.now();
    this.#waiting = false;
    this.#lockedSince = undefined;
  }

  #guard(action: () => void): void {
    try {
      action();
    } catch (error) {
      // What could not be written waits in the writer, and is written at one of the next beats.
      if (isLocked(error) && this.#mayWait()) return;
      this.#fail(error);
    }
  }

  #mayWait(): boolean {
    this.#lockedSince ??= Date.now();
    return Date.now() - this.#lockedSince < lockPatienceMs;
  }

  #fail(error: unknown): void {
    this.#failure ??= messageOf(error);
    Atomics.store(this.#flags, flag.stop, 1);
    post(this.#port, { kind: "failed", message: messageOf(error), stack: error instanceof Error ? (error.stack ?? "") : "" });
  }

  async #end(ending: Ending): Promise<void> {
    clearInterval(this.#timer);
    rmSync(this.#reserve, { force: true });
    post(this.#port, { kind: "ended", error: await this.#writeEnd(ending) });
    this.#port.close();
  }

  /** The terminal row is what matters most: where the last points cannot be written, it goes without them. A lock ends by itself. */
  async #writeEnd(ending: Ending): Promise<string | null> {
    const last: Ending = this.#failure === undefined ? ending : { ...ending, status: "failed", reason: this.#failure };
    try {
      try {
        await patiently(() => this.#writer.end(last, Date.now()));
      } catch (error) {
        this.#writer.discard();
        await patiently(() =>
          this.#writer.end({ status: "failed", reason: this.#failure ?? messageOf(error), result: ending.result }, Date.now()),
        );
      }
      this.#writer.close();
      return null;
    } catch (error) {
      return messageOf(error);
    }
  }
}

function post(port: MessagePort, message: FromStore): void {
  port.postMessage(message);
}

function messageOf(error: unknown): string {
  if (error instanceof RunStoreError && error.problem === "full")
    return "The disk is full. What was recorded before is kept; free some space and run again.";
  return error instanceof Error ? error.message : String(error);
}
