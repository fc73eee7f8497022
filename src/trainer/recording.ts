import { Worker } from "node:worker_threads";
import type { OwnershipMap, RunDescription, RunEvent, RunSpeed } from "../experiment/record.ts";
import type { ProcessIdentity } from "../runs/contract.ts";
import type { Ending } from "../runs/store/run-writer.ts";
import type { Control, Recorder } from "../training/recorder.ts";
import { PointRing } from "./point-ring.ts";
import { flag, flagCount, progressSeries, type FromStore, type StoreThreadData, type ToStore } from "./store-messages.ts";

/** Thrown when the run's store cannot be written. */
export class RecordingError extends Error {
  override readonly name = "RecordingError";
}

export interface RecordingStart {
  /** This program, which the thread runs too. */
  readonly entry: string;
  readonly folder: string;
  readonly owner: ProcessIdentity;
  /** The step after which a run that ended early goes on; null for a run that begins. */
  readonly resumeAt?: number | null;
  readonly log: (text: string) => void;
}

/** Numbers that the first ring of points has room for: several thousand small steps before the store thread looks again. */
const firstRing = 2 ** 16;

/**
 * The training thread's side of recording: hands everything to the store thread at once, points in memory that both share and the
 * rest in messages, and reads from shared memory what others ask for. Nothing here waits for the disk.
 */
export class Recording implements Recorder, Control {
  readonly #worker: Worker;
  readonly #flags: Int32Array;
  readonly #log: (text: string) => void;
  readonly #series = new Map<string, { readonly number: number; readonly width: number }>();
  /** Numbers that were given to series. */
  #numbered = progressSeries;
  #ring: PointRing;
  #checkpointsTaken = 0;
  #failure: string | undefined;
  #speed: RunSpeed | undefined;
  #resolveEnd: ((error: string | null) => void) | undefined;
  /** The thread has told that it is done, or is no more. */
  #gone = false;

  private constructor(worker: Worker, flags: SharedArrayBuffer, ring: PointRing, log: (text: string) => void) {
    this.#worker = worker;
    this.#ring = ring;
    this.#flags = new Int32Array(flags);
    this.#log = log;
    worker.on("message", (message: FromStore) => this.#hear(message));
    worker.on("error", (error) => this.#fail(error.message, error.stack ?? ""));
    worker.on("exit", () => this.#leave());
  }

  /** Opens the store of the run on a thread of its own. Throws `RecordingError`. */
  static async start({ entry, folder, owner, resumeAt = null, log }: RecordingStart): Promise<Recording> {
    const flags = new SharedArrayBuffer(4 * flagCount);
    const ring = PointRing.of(firstRing);
    const data: StoreThreadData = { role: "store", folder, owner, resumeAt, flags, ring: ring.shared };
    const worker = new Worker(entry, { workerData: data });
    const first = await new Promise<FromStore>((resolve, reject) => {
      worker.once("message", resolve).once("error", reject);
      worker.once("exit", () => reject(new RecordingError(endedEarly)));
    });
    if (first.kind !== "ready") throw new RecordingError(first.kind === "refused" ? first.message : "The run's store did not open.");
    if (first.journal !== "wal") log("This file system does not take a write-ahead log; the run is recorded with the classic journal.");
    return new Recording(worker, flags, ring, log);
  }

  describe(description: RunDescription): void {
    this.#post({ kind: "describe", description });
  }

  resume(step: number, epoch: number): void {
    this.#log(`Going on from step ${step}.`);
    this.#post({ kind: "resume", epoch });
  }

  versions(versions: Readonly<Record<string, string>>): void {
    this.#post({ kind: "versions", versions });
  }

  scalar(series: string, step: number, value: number): void {
    this.#put(this.#numberOf(series, 1), step, value);
  }

  vector(series: string, step: number, values: Float32Array): void {
    this.#put(this.#numberOf(series, values.length), step, values);
  }

  snapshot(step: number, epoch: number, maps: readonly OwnershipMap[]): void {
    this.#post({ kind: "snapshot", step, epoch, maps });
  }

  event(event: RunEvent): void {
    this.#log(`${event.kind} at step ${event.step}: ${event.message}`);
    this.#post({ kind: "event", event });
  }

  progress(step: number, epoch: number): void {
    this.#put(progressSeries, step, epoch);
  }

  speed(speed: RunSpeed): void {
    this.#speed = speed;
  }

  stopRequested(): boolean {
    return Atomics.load(this.#flags, flag.stop) === 1;
  }

  takeCheckpointRequest(): boolean {
    if (Atomics.load(this.#flags, flag.checkpoints) === this.#checkpointsTaken) return false;
    this.#checkpointsTaken++;
    return true;
  }

  /** Ends the run after its step, as if someone had asked for it. */
  requestStop(): void {
    if (Atomics.exchange(this.#flags, flag.stop, 1) === 0) this.#post({ kind: "stopping" });
  }

  /** Why recording had to stop; the run has failed then, whatever the training says. */
  get failure(): string | undefined {
    return this.#failure;
  }

  /** Writes the terminal row and closes the store. Throws `RecordingError` when that was not possible, or nobody is there to do it. */
  async end(ending: Ending): Promise<void> {
    const { result } = ending;
    const whole: Ending = result === null || this.#speed === undefined ? ending : { ...ending, result: { ...result, speed: this.#speed } };
    const error = await new Promise<string | null>((resolve) => {
      this.#resolveEnd = resolve;
      if (this.#gone) resolve(endedEarly);
      else this.#post({ kind: "end", ending: whole });
    });
    if (error !== null) throw new RecordingError(error);
  }

  #numberOf(series: string, width: number): number {
    const known = this.#series.get(series);
    if (known?.width === width) return known.number;
    this.#numbered += 1;
    this.#series.set(series, { number: this.#numbered, width });
    this.#post({ kind: "series", name: series, width });
    return this.#numbered;
  }

  /** A ring that is full is left to the store thread, which empties it before it turns to the next. */
  #put(series: number, step: number, values: number | Float32Array): void {
    // Nobody would empty it any more; the run ends after this step.
    if (this.#gone || this.#ring.write(series, step, values)) return;
    this.#ring = PointRing.of(Math.max(2 * this.#ring.places, PointRing.numbersOf(values)));
    this.#post({ kind: "ring", ring: this.#ring.shared });
    this.#ring.write(series, step, values);
  }

  #post(message: ToStore): void {
    this.#worker.postMessage(message);
  }

  #hear(message: FromStore): void {
    if (message.kind === "failed") this.#fail(message.message, message.stack);
    if (message.kind === "stop-requested") this.#log("A stop was requested.");
    if (message.kind === "ended") this.#resolveEnd?.(message.error);
  }

  /** Its end in order is told before it leaves; then this says nothing new. */
  #leave(): void {
    this.#gone = true;
    if (this.#resolveEnd === undefined) this.#fail(endedEarly, "");
    this.#resolveEnd?.(endedEarly);
  }

  #fail(message: string, stack: string): void {
    this.#failure ??= message;
    Atomics.store(this.#flags, flag.stop, 1);
    this.#log(`Recording failed: ${message}\n${stack}`);
  }
}

const endedEarly = "The thread that keeps the run's store has ended before the run.";
