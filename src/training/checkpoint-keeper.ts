import { basename } from "node:path";
import { pruneCheckpoints, removeHalfWritten, writeCheckpoint, type Checkpoint } from "./checkpoint.ts";
import type { Recorder } from "./recorder.ts";

/** Least time between two checkpoints that nobody asked for. */
const interval = { ms: 10_000 } as const;

/**
 * Keeps two checkpoints on disk, the best and the last, and the two before them until the next are written: by then the last is
 * surely in the run's records, and with it all points before it, so that a killed run can go on from it. A new best is held in
 * memory and written together with the next last one, so that short epochs do not spend their time on writing files.
 */
export class CheckpointKeeper {
  readonly #folder: string;
  readonly #recorder: Recorder;
  #best: Checkpoint | undefined;
  #bestOnDisk: number | undefined;
  #lastOnDisk: number | undefined;
  /** Steps of the last and the best at the last writing. */
  #before: readonly number[];
  #writtenAt = performance.now();

  /** `best` and the one of step `resumed` are on disk already, of the run that is resumed. */
  constructor(folder: string, recorder: Recorder, best?: Checkpoint, resumed?: number) {
    this.#folder = folder;
    this.#recorder = recorder;
    this.#best = best;
    this.#bestOnDisk = best?.step;
    this.#before = [best?.step, resumed].filter((step) => step !== undefined);
    removeHalfWritten(folder);
  }

  get best(): Checkpoint | undefined {
    return this.#best;
  }

  offerBest(checkpoint: Checkpoint): void {
    this.#best = checkpoint;
  }

  /** At once where there is none yet: a run that ends early can then go on, however early that was. */
  get due(): boolean {
    const isFirst = this.#lastOnDisk === undefined && this.#before.length === 0;
    return isFirst || performance.now() - this.#writtenAt >= interval.ms;
  }

  /** Writes the last checkpoint, and the best where it is newer than the one on disk; deletes all but these and those before. */
  write(last: Checkpoint): void {
    const best = this.#best;
    if (best !== undefined && best.step !== this.#bestOnDisk && best.step !== last.step) this.#save(best);
    if (last.step !== this.#lastOnDisk) this.#save(last);
    this.#bestOnDisk = best?.step;
    this.#lastOnDisk = last.step;
    const now = best === undefined ? [last.step] : [last.step, best.step];
    pruneCheckpoints(this.#folder, [...now, ...this.#before]);
    this.#before = now;
    this.#writtenAt = performance.now();
  }

  #save(checkpoint: Checkpoint): void {
    const folder = basename(writeCheckpoint(this.#folder, checkpoint));
    const { step } = checkpoint;
    this.#recorder.event({ kind: "checkpoint", step, at: Date.now(), message: `Checkpoint of step ${step} written.`, detail: { folder } });
  }
}
