import { basename } from "node:path";
import { pruneCheckpoints, writeCheckpoint, type Checkpoint } from "./checkpoint.ts";
import type { Recorder } from "./recorder.ts";

/** Least time between two checkpoints that nobody asked for. */
const interval = { ms: 10_000 } as const;

/**
 * Keeps two checkpoints on disk, the best and the last. A new best is held in memory and written together with the next last
 * one, so that short epochs do not spend their time on writing files.
 */
export class CheckpointKeeper {
  readonly #folder: string;
  readonly #recorder: Recorder;
  #best: Checkpoint | undefined;
  #bestOnDisk: number | undefined;
  #lastOnDisk: number | undefined;
  #writtenAt = performance.now();

  /** `best` is one that is on disk already, of the run that is resumed. */
  constructor(folder: string, recorder: Recorder, best?: Checkpoint) {
    this.#folder = folder;
    this.#recorder = recorder;
    this.#best = best;
    this.#bestOnDisk = best?.step;
  }

  get best(): Checkpoint | undefined {
    return this.#best;
  }

  offerBest(checkpoint: Checkpoint): void {
    this.#best = checkpoint;
  }

  get due(): boolean {
    return performance.now() - this.#writtenAt >= interval.ms;
  }

  /** Writes the last checkpoint, and the best where it is newer than the one on disk; deletes all others. */
  write(last: Checkpoint): void {
    const best = this.#best;
    if (best !== undefined && best.step !== this.#bestOnDisk && best.step !== last.step) this.#save(best);
    if (last.step !== this.#lastOnDisk) this.#save(last);
    this.#bestOnDisk = best?.step;
    this.#lastOnDisk = last.step;
    pruneCheckpoints(this.#folder, best === undefined ? [last.step] : [last.step, best.step]);
    this.#writtenAt = performance.now();
  }

  #save(checkpoint: Checkpoint): void {
    const folder = basename(writeCheckpoint(this.#folder, checkpoint));
    const { step } = checkpoint;
    this.#recorder.event({ kind: "checkpoint", step, at: Date.now(), message: `Checkpoint of step ${step} written.`, detail: { folder } });
  }
}
