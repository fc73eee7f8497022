import { series, type MetricTable, type RunResult, type StepCompilation } from "../experiment/record.ts";
import { makeBatch, type Batch } from "./batches.ts";
import type { CheckpointKeeper } from "./checkpoint-keeper.ts";
import { CompilationWatch, type CompilationParts } from "./compiled/compilation.ts";
import { addOutputs, evaluate } from "./evaluate.ts";
import { DivergenceWatch } from "./divergence.ts";
import { Pace } from "./pace.ts";
import { DataError } from "./data/data-error.ts";
import { phaseEvent, titleOf } from "./phases/announcement.ts";
import type { RowValues } from "./data/dataset.ts";
import type { Control, Recorder } from "./recorder.ts";
import {
  dominanceTable,
  metricTable,
  recordDominance,
  recordGradients,
  recordMetrics,
  recordStep,
  recordValidationLosses,
} from "./recording.ts";
import type { StepReport } from "./step-report.ts";
import { StatusWatch } from "./status-watch.ts";
import { inTensorScope } from "./tensor-scope.ts";
import { isTracked } from "./tracked-steps.ts";
import type { Training } from "./training.ts";
import { Throughput } from "./throughput.ts";
import { TrainingError } from "./training-error.ts";
import { captureState, restoreWeights } from "./training-state.ts";
import type { Window } from "./window.ts";

export interface LoopEnd {
  readonly kind: "completed" | "stopped";
  readonly result: RunResult;
}

/**
 * Steps until the last epoch is done or somebody asks to stop. Steps are counted from 1 where they are recorded: a value at
 * step s belongs to the s-th step, a validation at step s to the parameters after it.
 */
export class TrainingLoop {
  readonly #training: Training;
  readonly #recorder: Recorder;
  readonly #control: Control;
  readonly #keeper: CheckpointKeeper;
  readonly #ids: readonly string[];
  readonly #pace = new Pace();
  readonly #compilation = new CompilationWatch();
  #statuses: StatusWatch;
  readonly #divergence: DivergenceWatch;
  #step: number;
  readonly #throughput = new Throughput();

  /** Takes up the work after `step` steps. */
  constructor(training: Training, recorder: Recorder, control: Control, keeper: CheckpointKeeper, step = 0) {
    this.#training = training;
    this.#recorder = recorder;
    this.#control = control;
    this.#keeper = keeper;
    this.#ids = training.tasks.map(({ id }) => id);
    this.#statuses = new StatusWatch(titleOf(training.phase));
    this.#divergence = new DivergenceWatch(training.losses.map(({ ofConstant }, task) => ({ id: this.#ids[task] ?? "", ofConstant })));
    this.#step = step;
  }

  /** Steps done. */
  get steps(): number {
    return this.#step;
  }

  /** Trains to the end. What was trained is kept in a checkpoint also when it throws `TrainingError`, or `DataError` for a row that cannot be read. */
  async run(): Promise<LoopEnd> {
    try {
      const end = await this.#toTheEnd();
      this.#recorder.speed?.(this.#throughput.speed);
      return end;
    } catch (error) {
      if (error instanceof TrainingError || error instanceof DataError) this.#checkpoint();
      throw error;
    }
  }

  async #toTheEnd(): Promise<LoopEnd> {
    const { totalSteps, stepsPerEpoch } = this.#training.description;
    if (this.#step === 0) this.#announcePhase();
    while (this.#step < totalSteps) {
      if (this.#control.stopRequested()) {
        this.#checkpoint();
        return { kind: "stopped", result: this.#result({}) };
      }
      await this.step();
      if (this.#step % stepsPerEpoch === 0) await this.#endEpoch();
      if (this.#hasStalled() || this.#endsPhases()) break;
      if (this.#control.takeCheckpointRequest() || this.#keeper.due) this.#checkpoint();
      await this.#pace.breathe();
    }
    this.#describeCompiled(this.#compilation.ended(this.#compiling));
    for (const event of this.#divergence.events(this.#step, Date.now())) this.#recorder.event(event);
    this.#checkpoint();
    return { kind: "completed", result: this.#result(await this.#test()) };
  }

  /** One step with everything that is recorded of it; `run` makes these, and benchmarks measure them. */
  async step(): Promise<void> {
    const { training, recorder } = { training: this.#training, recorder: this.#recorder };
    const { dataset, stepper, experiment, description } = training;
    const started = performance.now();
    const track = isTracked(this.#step, experiment.track.every, training.feed.takesTurns === true);
    const rate = training.phase.rate(this.#step);
    const batches = await training.stepFeed.next(this.#step, training.phase.draws);
    const waiting = performance.now() - started;
    const moment = { step: this.#step, epoch: Math.floor(this.#step / description.stepsPerEpoch), rate, track };
    const put = (values: RowValues): Batch => makeBatch(dataset, values);
    const report = inTensorScope(() => {
      const [first] = batches.own;
      if (first !== undefined && experiment.training.accumulate === 1) {
        return stepper.run(
          put(first),
          moment,
          batches.further.flatMap((rows) => rows.map(put)),
        );
      }
      const later = (rows: readonly RowValues[]): Window => rows.map((values) => () => put(values));
      return stepper.runWindow(later(batches.own), moment, batches.further.map(later));
    });
    this.#step += 1;
    training.stepFeed.done();
    const notes = stepper.passes.takeNotes();
    for (const message of notes) this.#recorder.event({ kind: "note", step: this.#step, at: Date.now(), message });
    this.#describeCompiled(this.#compilation.news(this.#compiling, notes.length > 0));
    report.outputs.forEach((outputs, index) => {
      const values = batches.own[index];
      if (values !== undefined) this.#addOutputs(values, outputs, report);
    });
    training.policy.taught(report.weights.flatMap((weight, task) => (weight === undefined ? [] : [task])));
    this.#divergence.add(report.losses);
    recordStep(recorder, this.#ids, this.#step, report);
    this.#reportTrouble(report);
    for (const event of this.#statuses.look(report, this.#step, Date.now())) recorder.event(event);
    // A network of one task shares nothing: there is nothing to compare or to own.
    if (report.tracked !== undefined && training.parameters.common.length > 0) {
      recordGradients(recorder, this.#ids, training.phase.layers, this.#step, report.tracked);
      recordDominance(recorder, this.#ids, this.#step, training.dominance);
    }
    const rows = batches.own.reduce((sum, each) => sum + each.rows, 0);
    this.#throughput.add(rows, performance.now() - started, waiting);
    if (report.clipping !== undefined) training.clipShare.add(report.clipping);
    if (track) {
      recorder.scalar(series.learningRate, this.#step, rate);
      const clipped = training.clipShare.take();
      if (clipped !== undefined) recorder.scalar(series.clippedShare, this.#step, clipped);
      this.#throughput.record(recorder, this.#step);
    }
    recorder.progress(this.#step, this.#step / description.stepsPerEpoch);
  }

  get #compiling(): CompilationParts {
    const { experiment, description, stepper } = this.#training;
    return { compile: experiment.training.compile, backend: description.backend, passes: stepper.passes };
  }

  #describeCompiled(compiled: StepCompilation | undefined): void {
    if (compiled !== undefined) this.#recorder.describe({ ...this.#training.description, compiled });
  }

  /** A task that was dropped, and a step that was skipped, taught nothing and count for nothing. */
  #addOutputs(values: RowValues, outputs: readonly Float32Array[], { weights }: StepReport): void {
    outputs.forEach((output, task) => {
      if (weights[task] !== undefined) addOutputs(this.#training.epochMetrics[task], values, task, output);
    });
  }

  #reportTrouble({ trouble }: StepReport): void {
    if (trouble === undefined) return;
    this.#recorder.event(this.#training.policy.event(trouble.remedy, trouble.bad, this.#step, Date.now()));
  }

  /** Early stopping. */
  #hasStalled(): boolean {
    const { validation, description } = this.#training;
    if (this.#step >= description.totalSteps || !validation.plateau.reached(this.#step)) return false;
    this.#recorder.event({ kind: "note", step: this.#step, at: Date.now(), message: validation.reason });
    return true;
  }

  /** Opens the next phase where one ends; true where it was the last. */
  #endsPhases(): boolean {
    const { phase, description } = this.#training;
    if (this.#step >= description.totalSteps || !phase.isOver(this.#step)) return false;
    if (this.#training.enterNext(this.#step) === undefined) return true;
    this.#statuses = new StatusWatch(titleOf(this.#training.phase));
    this.#announcePhase();
    return false;
  }

  #announcePhase(): void {
    const event = phaseEvent(this.#training, this.#step, Date.now());
    if (event !== undefined) this.#recorder.event(event);
  }

  async #endEpoch(): Promise<void> {
    this.#statuses.beginEpoch();
    this.#divergence.endEpoch();
    const { training, recorder } = { training: this.#training, recorder: this.#recorder };
    const { description, epochMetrics, tasks } = training;
    recordMetrics(recorder, "train", this.#step, metricTable(tasks, epochMetrics));
    for (const metrics of epochMetrics) metrics.reset();
    const evaluation = await evaluate(training, "validation", this.#pace);
    const table = metricTable(tasks, evaluation.metrics);
    recordValidationLosses(recorder, this.#ids, this.#step, evaluation);
    recordMetrics(recorder, "validation", this.#step, table);
    if (training.experiment.track.snapshots && training.parameters.common.length > 0) {
      recorder.snapshot(this.#step, this.#step / description.stepsPerEpoch, training.dominance.maps());
    }
    const broken = evaluation.broken.length > 0;
    if (broken) this.#reportBroken(evaluation.broken);
    const validation = { metrics: table, losses: evaluation.losses };
    training.phase.validated(this.#step, validation, broken);
    if (training.validation.see(this.#step, validation, broken)) this.#keepBest();
  }

  /** Its other tasks may look better than ever: a model that is broken for one task is never the best. */
  #reportBroken(tasks: readonly number[]): void {
    const names = tasks.map((task) => this.#ids[task] ?? "").join(", ");
    const message = `The validation loss of ${names} is not finite, so this moment cannot be the best. Lower the learning rate, or look for bad values in the data.`;
    this.#recorder.event({ kind: "warning", step: this.#step, at: Date.now(), message });
  }

  #keepBest(): void {
    const { description, validation } = this.#training;
    this.#keeper.offerBest(captureState(this.#training, this.#step));
    const epoch = Math.round(this.#step / description.stepsPerEpoch);
    this.#recorder.event({
      kind: "best",
      step: this.#step,
      at: Date.now(),
      message: `Best validation so far, after epoch ${epoch}.`,
      detail: { score: validation.best?.score ?? Number.NaN },
    });
  }

  #checkpoint(): void {
    this.#keeper.write(captureState(this.#training, this.#step));
  }

  /** Tests with the weights of the best moment; with the last ones where no validation could be made, or where that was asked for. */
  async #test(): Promise<MetricTable> {
    const { training, recorder } = { training: this.#training, recorder: this.#recorder };
    if (training.validation.rule.restoreBest && this.#keeper.best !== undefined) restoreWeights(training, this.#keeper.best);
    const { metrics } = await evaluate(training, "test", this.#pace);
    const test = metricTable(training.tasks, metrics);
    recordMetrics(recorder, "test", this.#step, test);
    return { test };
  }

  #result(tested: MetricTable): RunResult {
    const { chosen, best } = this.#training.validation;
    return {
      metrics: { ...(chosen === undefined ? {} : { validation: chosen }), ...tested },
      dominance: dominanceTable(this.#ids, this.#training.dominance),
      bestStep: best?.step ?? null,
    };
  }
}
