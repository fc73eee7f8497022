import type { Tensor } from "@tensorflow/tfjs-core";
import type { Batch } from "../batches.ts";
import type { WayBack } from "../gradients/way-back.ts";
import type { Pass, PassMemory, Passes, PassWish } from "../passes/pass.ts";
import { PlainPasses } from "../passes/plain-passes.ts";
import { inTensorScope } from "../tensor-scope.ts";
import { CompiledRecording } from "./compiled-pass.ts";
import { Habits } from "./habits.ts";
import type { NativeBackend } from "./native-binding.ts";
import { NotRecordable } from "./not-recordable.ts";
import { recordPass, type RecordingParts } from "./recorded-pass.ts";

export interface CompiledParts extends RecordingParts {
  /** Rows of a whole batch. Others are seldom, and not recorded. */
  readonly batchSize: number;
}

/**
 * Passes that run as one graph, where that computes the same. A whole batch in which every task has a label is recorded before its first pass
 * and compared; all others, and all where it cannot be recorded, are plain. Which are which depends on nothing that came before, so that a
 * training that goes on from a checkpoint computes as one that never stopped.
 */
export class CompiledPasses implements Passes {
  readonly #native: NativeBackend;
  readonly #parts: CompiledParts;
  readonly #plain: PlainPasses;
  readonly #recordings = new Map<boolean, CompiledRecording>();
  readonly #habits = new Habits();
  #notes: string[] = [];
  #refused = false;

  constructor(native: NativeBackend, parts: CompiledParts) {
    this.#native = native;
    this.#parts = parts;
    this.#plain = new PlainPasses(parts);
  }

  forward(batch: Batch, wish: PassWish): Pass {
    const compiled = wish.recompute === true ? undefined : this.#recordingFor(batch, wish.standIns ?? false);
    if (compiled === undefined) return this.#plain.forward(batch, wish);
    const start = new StartingPoint(this.#parts);
    const pass = compiled.forward(this.#parts, batch, `${wish.kind}${wish.standIns === true ? " with stand-ins" : ""}`);
    const plain = (): Pass => start.again(() => this.#plain.forward(batch, wish));
    return pass === undefined ? plain() : new PassWithFallback(pass, batch, plain);
  }

  losses(batch: Batch): readonly (number | undefined)[] {
    const start = new StartingPoint(this.#parts);
    return this.#recordingFor(batch, false)?.losses(this.#parts, batch) ?? start.again(() => this.#plain.losses(batch));
  }

  takeNotes(): readonly string[] {
    const notes = this.#notes;
    if (notes.length > 0) this.#notes = [];
    return notes;
  }

  save(): PassMemory {
    return this.#habits.save();
  }

  restore(saved: PassMemory): void {
    this.#habits.restore(saved);
  }

  dispose(): void {
    for (const recording of this.#recordings.values()) recording.dispose();
    this.#recordings.clear();
  }

  #recordingFor(batch: Batch, standIns: boolean): CompiledRecording | undefined {
    if (this.#refused || batch.rows !== this.#parts.batchSize || batch.targets.includes(undefined)) return undefined;
    const known = this.#recordings.get(standIns);
    if (known !== undefined) return known;
    const start = new StartingPoint(this.#parts);
    try {
      const made = new CompiledRecording(this.#native, recordPass(this.#native, this.#parts, batch, standIns), this.#habits, (why) =>
        this.#notes.push(`A compiled step was not believed, and its operations run one after the other: ${why}.`),
      );
      this.#recordings.set(standIns, made);
      start.goBack();
      if (!inTensorScope(() => this.#isRight(made, batch, standIns, start)))
        throw new NotRecordable("its recording does not compute the same");
      return made;
    } catch (error) {
      if (!(error instanceof NotRecordable)) throw error;
      this.#refused = true;
      this.dispose();
      this.#notes.push(`The step is not compiled: ${error.message}.`);
      return undefined;
    } finally {
      start.goBack();
    }
  }

  #isRight(recording: CompiledRecording, batch: Batch, standIns: boolean, start: StartingPoint): boolean {
    const plain = this.#plain.forward(batch, { standIns, kind: "comparison" });
    try {
      start.goBack();
      return recording.agreesWith(plain, this.#parts, batch);
    } finally {
      plain.dispose();
    }
  }
}

/** What a pass changes, as it was before. */
class StartingPoint {
  readonly #parts: CompiledParts;
  readonly #noise: readonly number[];
  readonly #statistics: readonly Tensor[];

  constructor(parts: CompiledParts) {
    this.#parts = parts;
    this.#noise = parts.noise.save();
    this.#statistics = parts.model.statistics.map(({ variable }) => variable.clone());
  }

  goBack(): void {
    const { noise, model } = this.#parts;
    noise.restore(this.#noise);
    model.statistics.forEach(({ variable }, index) => {
      const value = this.#statistics[index];
      if (value !== undefined) variable.assign(value);
    });
  }

  /** Does something from here, after which all is as if it had been the first. */
  again<T>(work: () => T): T {
    this.goBack();
    return work();
  }
}

/** A compiled pass that is made again, plainly, where the way back from other tasks than the recorded ones is asked for. */
class PassWithFallback implements Pass {
  readonly outputs: readonly Float32Array[];
  readonly losses: readonly (number | undefined)[];
  readonly #compiled: Pass;
  readonly #tasks: number;
  readonly #plainly: () => Pass;
  #plain: Pass | undefined;

  constructor(compiled: Pass, { targets }: Batch, plainly: () => Pass) {
    this.#compiled = compiled;
    this.#tasks = targets.length;
    this.#plainly = plainly;
    this.outputs = compiled.outputs;
    this.losses = compiled.losses;
  }

  get walks(): number {
    return this.#compiled.walks + (this.#plain?.walks ?? 0);
  }

  back(tasks: readonly number[]): WayBack {
    const all = tasks.length === this.#tasks && tasks.every((task, position) => task === position);
    if (all) return this.#compiled.back(tasks);
    this.#plain ??= this.#plainly();
    return this.#plain.back(tasks);
  }

  dispose(): void {
    this.#compiled.dispose();
    this.#plain?.dispose();
  }
}
