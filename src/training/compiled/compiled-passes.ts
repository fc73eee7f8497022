import type { Batch } from "../batches.ts";
import type { WayBack } from "../gradients/way-back.ts";
import { StatisticsSnapshot } from "../model/statistics-snapshot.ts";
import type { HeldGradients } from "../passes/held-gradients.ts";
import type { Pass, PassMemory, Passes, PassWish } from "../passes/pass.ts";
import { PlainPasses } from "../passes/plain-passes.ts";
import type { RecordingFacts, Recordings } from "../passes/recordings.ts";
import { inTensorScope } from "../tensor-scope.ts";
import type { Distrust } from "./checked-graph.ts";
import { areSame, Habits } from "./habits.ts";
import { NotRecordable } from "./not-recordable.ts";
import type { PassCompiler, Recording, RecordingMemory } from "./pass-compiler.ts";
import type { RecordingParts } from "./recorded-pass.ts";
import type { UpdateParts } from "./update-layout.ts";

export interface CompiledParts extends RecordingParts {
  /** Rows of a whole batch. */
  readonly batchSize: number;
  /** What moves the parameters where the backend has them; left out where that is not wished for. */
  readonly update?: UpdateParts;
}

/** Passes after which it is told where most of them were plain. */
const passesToTell = 50;
/** A recording is of a number of rows and of the tasks that have labels. So many are made beside that of a whole batch with all labels. */
const mostSets = 6;
/** Kinds that are counted. */
const mostCounted = 256;

/**
 * Passes that run from a recording, where that computes the same. A whole batch in which every task has a label is recorded before its
 * first pass and compared, and so is one of some of the tasks or of fewer rows that comes again and again; all others, and all where it
 * cannot be recorded, are plain. Which are which depends on the batch and on what is part of a checkpoint, so that a training that goes on
 * from one computes as one that never stopped.
 */
export class CompiledPasses implements Passes {
  readonly #compiler: PassCompiler;
  readonly #parts: CompiledParts;
  readonly #plain: PlainPasses;
  /** By the kind of recording: its rows, the tasks that have labels, and whether the others have stand-ins. */
  readonly #recordings = new Map<string, OpenRecording>();
  /** How often a kind of recording was asked for, of some of the tasks or of fewer rows. */
  readonly #times = new Map<string, number>();
  readonly #habits = new Habits();
  readonly #distrusted = new Set<string>();
  /** How many passes were plain, by the reason. */
  readonly #reasons = new Map<string, number>();
  /** Undefined when it was told what became of them. */
  #passes: number | undefined = 0;
  #notes: string[] = [];
  /** What was told of computations that were not believed. */
  readonly #told = new Set<string>();
  #refusal: string | undefined;
  /** Kinds of recordings that cannot be made, and why. */
  readonly #refused = new Map<string, string>();

  constructor(compiler: PassCompiler, parts: CompiledParts) {
    this.#compiler = compiler;
    this.#parts = parts;
    this.#plain = new PlainPasses(parts);
    if (parts.model.mayVary === true) this.#refuse("a network of your own must say that it can be, with `compile: true` beside `forward`");
  }

  forward(batch: Batch, wish: PassWish): Pass {
    const compiled = this.#recordingFor(batch, wish);
    if (compiled === undefined) return this.#plain.forward(batch, wish);
    const start = new StartingPoint(this.#parts);
    const pass = compiled.forward(this.#parts, batch, `${wish.kind}${this.#kind(batch, wish)}`);
    if (pass !== undefined) {
      const tasks = [...batch.targets.keys()].filter((task) => wish.standIns === true || batch.targets[task] !== undefined);
      return new PassWithFallback(pass, tasks, () => start.revisit(() => this.#plain.forward(batch, wish)));
    }
    start.goBack();
    return this.#plain.forward(batch, wish);
  }

  losses(batch: Batch): readonly (number | undefined)[] {
    const start = new StartingPoint(this.#parts);
    const losses = this.#recordingFor(batch, { kind: "losses" })?.losses(this.#parts, batch);
    if (losses !== undefined) return losses;
    start.goBack();
    return this.#plain.losses(batch);
  }

  takeNotes(): readonly string[] {
    if (this.#passes !== undefined && this.#passes >= passesToTell) {
      const plain = [...this.#reasons.values()].reduce((sum, count) => sum + count, 0);
      const [most] = [...this.#reasons].sort(([, a], [, b]) => b - a);
      if (most !== undefined && 2 * plain > this.#passes) {
        this.#notes.push(`Of the first ${this.#passes} forward passes ${plain} were not compiled, most of them because ${most[0]}.`);
      }
      this.#passes = undefined;
      this.#reasons.clear();
    }
    const notes = this.#notes;
    if (notes.length > 0) this.#notes = [];
    return notes;
  }

  save(): PassMemory {
    return {
      habits: this.#habits.save(),
      refusal: this.#refusal ?? null,
      ...(this.#refused.size === 0 ? {} : { refused: Object.fromEntries(this.#refused) }),
      distrusted: [...this.#distrusted],
      sets: Object.fromEntries(this.#times),
      passes: this.#passes ?? null,
      plain: Object.fromEntries(this.#reasons),
    };
  }

  restore({ habits, refusal, refused = {}, distrusted, sets, passes, plain }: PassMemory): void {
    this.#times.clear();
    this.#reasons.clear();
    this.#distrusted.clear();
    this.#refused.clear();
    for (const [kind, times] of Object.entries(sets)) this.#times.set(kind, times);
    this.#habits.restore(habits);
    this.#passes = passes ?? undefined;
    for (const [reason, count] of Object.entries(plain)) this.#reasons.set(reason, count);
    this.#refusal ??= refusal ?? undefined;
    for (const [kind, why] of Object.entries(refused)) this.#refused.set(kind, why);
    for (const signature of distrusted) this.#distrusted.add(signature);
  }

  get recordings(): Recordings {
    return {
      list: () => [...this.#recordings.values()].filter(({ isCompared }) => isCompared).map(({ facts }) => facts),
      eachOperation: (batch, wish, watch) => {
        const kind = this.#kind(batch, wish);
        const open = this.#recordings.get(kind);
        if (open?.isCompared !== true || wish.recompute === true) return false;
        const start = new StartingPoint(this.#parts);
        try {
          open.recording.eachOperation(this.#parts, batch, `${wish.kind}${kind}`, watch);
        } finally {
          start.goBack();
        }
        return true;
      },
    };
  }

  dispose(): void {
    this.#compiler.dispose();
    for (const { recording } of this.#recordings.values()) recording.dispose();
    this.#recordings.clear();
  }

  #recordingFor(batch: Batch, wish: PassWish): Recording | undefined {
    if (this.#passes !== undefined) this.#passes += 1;
    const reason = this.#refusal ?? this.#against(batch, wish);
    if (reason !== undefined) {
      if (this.#passes !== undefined) this.#reasons.set(reason, (this.#reasons.get(reason) ?? 0) + 1);
      return undefined;
    }
    const kind = this.#kind(batch, wish);
    const standIns = wish.standIns ?? false;
    const known = this.#recordings.get(kind);
    if (known?.isCompared === true) return known.recording;
    const start = new StartingPoint(this.#parts);
    try {
      const open = known ?? this.#record(kind, batch, standIns);
      start.goBack();
      const isRight = inTensorScope(() => this.#isRight(open.recording, batch, standIns, start));
      if (isRight === false) throw new NotRecordable("its recording does not compute the same");
      open.isCompared = isRight === true;
      return open.isCompared ? open.recording : undefined;
    } catch (error) {
      // Whatever else went wrong also goes wrong plainly, and is told then as what it is.
      this.#refuse(error instanceof Error ? error.message.replace(/\.$/, "") : String(error), kind);
      // Of the others there may be passes that are asked for more.
      this.#recordings.get(kind)?.recording.dispose();
      this.#recordings.delete(kind);
      return undefined;
    } finally {
      start.goBack();
    }
  }

  /** All passes, or only those of one kind, of other rows than most have. */
  #refuse(why: string, kind = ""): void {
    if (kind === "") this.#refusal = why;
    else this.#refused.set(kind, why);
    this.#notes.push(kind === "" ? `The step is not compiled: ${why}.` : `Steps over batches${kind} are not compiled: ${why}.`);
  }

  /** What speaks against compiling a pass over these rows. */
  #against(batch: Batch, wish: PassWish): string | undefined {
    const { rows, targets } = batch;
    const { batchSize } = this.#parts;
    if (wish.recompute === true) return "the tasks' gradients are not stored";
    const kind = this.#kind(batch, wish);
    const refused = this.#refused.get(kind);
    if (refused !== undefined) return refused;
    if ((rows === batchSize && !targets.includes(undefined)) || this.#comesOften(kind)) return undefined;
    return rows === batchSize ? "a task had no label in the batch" : `their batches are no whole ones, of ${batchSize} rows`;
  }

  #kind(batch: Batch, wish: Pick<PassWish, "standIns">): string {
    const rows = batch.rows === this.#parts.batchSize ? "" : ` with ${batch.rows} rows`;
    return `${rows}${recordingKind(batch, wish)}`;
  }

  /** Counts it, until it is settled. */
  #comesOften(kind: string): boolean {
    const times = this.#times.get(kind) ?? 0;
    const enough = timesToRecord(kind);
    if (times >= enough) return true;
    const isLast = times === enough - 1;
    const recorded = [...this.#times].filter(([each, count]) => count >= timesToRecord(each)).length;
    if ((isLast && recorded >= mostSets) || (times === 0 && this.#times.size >= mostCounted)) return false;
    this.#times.set(kind, times + 1);
    return isLast;
  }

  #record(kind: string, batch: Batch, standIns: boolean): OpenRecording {
    const memory: RecordingMemory = { habits: this.#habits, distrust: (note) => this.#distrust(note) };
    const recording = this.#compiler.compile(this.#parts, batch, standIns, memory);
    const facts = { tasks: labelledIn(batch), standIns, operations: recording.operations };
    const open: OpenRecording = { recording, facts, isCompared: false };
    this.#recordings.set(kind, open);
    return open;
  }

  #distrust(note: (why: string) => string): Distrust {
    return {
      has: (signature) => this.#distrusted.has(signature),
      add: (signature, why) => {
        this.#distrusted.add(signature);
        const text = note(why);
        if (this.#told.has(text)) return;
        this.#told.add(text);
        this.#notes.push(text);
      },
    };
  }

  #isRight(recording: Recording, batch: Batch, standIns: boolean, start: StartingPoint): boolean | undefined {
    const plain = this.#plain.forward(batch, { standIns, kind: "comparison" });
    try {
      start.goBack();
      return recording.agreesWith(plain, this.#parts, batch);
    } finally {
      plain.dispose();
    }
  }
}

interface OpenRecording {
  readonly recording: Recording;
  readonly facts: RecordingFacts;
  isCompared: boolean;
}

function labelledIn({ targets }: Pick<Batch, "targets">): number[] {
  return [...targets.keys()].filter((task) => targets[task] !== undefined);
}

/** How the kind of a recording begins that is of no whole batch. */
const smaller = /^ with \d+ rows/;

/**
 * How often a kind comes until it is recorded. One of fewer rows most often ends an epoch, and is soon made: many epochs must go by until
 * recording it pays.
 */
function timesToRecord(kind: string): number {
  return smaller.test(kind) ? 32 : 3;
}

/** Nothing where every task has a label. */
function recordingKind(batch: Pick<Batch, "targets">, { standIns = false }: Pick<PassWish, "standIns">): string {
  const present = labelledIn(batch);
  return `${present.length < batch.targets.length ? ` of ${present.join(", ")}` : ""}${standIns ? " with stand-ins" : ""}`;
}

/** What a pass changes, as it was before. Lives within the tensor scope in which it was made. */
class StartingPoint {
  readonly #parts: CompiledParts;
  readonly #noise: readonly number[];
  readonly #statistics: StatisticsSnapshot;

  constructor(parts: CompiledParts) {
    this.#parts = parts;
    this.#noise = parts.noise.save();
    this.#statistics = new StatisticsSnapshot(parts.model.statistics);
  }

  goBack(): void {
    this.#parts.noise.restore(this.#noise);
    this.#statistics.restore();
  }

  /** Does something from here, and leaves all as it was, which may be further on. */
  revisit<T>(work: () => T): T {
    const now = new StartingPoint(this.#parts);
    this.goBack();
    try {
      return work();
    } finally {
      now.goBack();
    }
  }
}

/** A compiled pass that is made again, plainly, where the way back from other tasks than the recorded ones is asked for. */
class PassWithFallback implements Pass {
  readonly outputs: readonly Float32Array[];
  readonly losses: readonly (number | undefined)[];
  readonly #compiled: Pass;
  /** Those that the recorded way back starts from, in their order. */
  readonly #tasks: readonly number[];
  readonly #plainly: () => Pass;
  #plain: Pass | undefined;

  constructor(compiled: Pass, tasks: readonly number[], plainly: () => Pass) {
    this.#compiled = compiled;
    this.#tasks = tasks;
    this.#plainly = plainly;
    this.outputs = compiled.outputs;
    this.losses = compiled.losses;
  }

  get walks(): number {
    return this.#compiled.walks + (this.#plain?.walks ?? 0);
  }

  back(tasks: readonly number[]): WayBack {
    if (areSame(tasks, this.#tasks)) return this.#compiled.back(tasks);
    this.#plain ??= this.#plainly();
    return this.#plain.back(tasks);
  }

  hold(): HeldGradients | undefined {
    return this.#compiled.hold?.();
  }

  dispose(): void {
    this.#compiled.dispose();
    this.#plain?.dispose();
  }
}
