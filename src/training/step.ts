import type { Look, PreparedBalancer, Remembered } from "../balancers/balancer.ts";
import type { RandomStream } from "../balancers/kernels/random-stream.ts";
import type { Clip } from "../experiment/clip-schema.ts";
import type { Batch } from "./batches.ts";
import { clip, type Clipping } from "./clipping.ts";
import type { TaskTargets } from "./data/dataset.ts";
import type { Dominance } from "./dominance.ts";
import { isFinite, squaredNorm, type JacobianRow } from "./gradients/gram.ts";
import type { ParameterSet } from "./gradients/per-task.ts";
import type { GradientStorage } from "./gradients/storage.ts";
import { HeldStep } from "./held-step.ts";
import { lookAlong, lookHere, type Glimpses, type LookParts } from "./looks.ts";
import { mergeReports, withOwnCopy } from "./merged-report.ts";
import type { MultiTaskModel } from "./model/model.ts";
import { StatisticsSnapshot } from "./model/statistics-snapshot.ts";
import type { BadValue, NonFinitePolicy } from "./non-finite.ts";
import { GatheredMoves, type CommonUpdate, type MoveObserver } from "./optimizers/common-update.ts";
import type { OptimizerMemory } from "./optimizers/memory.ts";
import type { Optimizer } from "./optimizers/optimizer.ts";
import type { OptimizerSlot } from "./optimizers/slot.ts";
import { keptShare } from "./optimizers/weight-decay.ts";
import type { Observation } from "./observation.ts";
import type { Present, Proposal } from "./proposal.ts";
import { Proposer, type Computed } from "./proposer.ts";
import type { Passes } from "./passes/pass.ts";
import { batchRows, windowRows, type StepRows } from "./step-rows.ts";
import { StepStart } from "./step-start.ts";
import { since, type StepCount, type StepMoment, type StepReport, type Trouble } from "./step-report.ts";
import { inTensorScope } from "./tensor-scope.ts";
import { trackAgain } from "./tracked-walk.ts";
import { WindowObservation, type Window, type WindowParts } from "./window.ts";

/** What one step is made of; all of it lives as long as the training. */
export interface StepParts {
  readonly model: MultiTaskModel;
  readonly parameters: ParameterSet;
  readonly passes: Passes;
  readonly tasks: readonly TaskTargets[];
  readonly balancer: PreparedBalancer;
  /** Where the balancer began to count. */
  readonly began: StepCount;
  readonly optimizer: Pick<Optimizer, "weightDecay">;
  readonly memory: OptimizerMemory;
  readonly commonUpdate: CommonUpdate;
  readonly dominance: Dominance;
  /** Whether a head sees its own loss or its weighted loss. */
  readonly heads: "own" | "weighted";
  readonly storage: GradientStorage;
  readonly weightDecay: number;
  readonly maxNormFactor: number;
  readonly clip: Clip | undefined;
  readonly policy: NonFinitePolicy;
  /** What dropout draws from. */
  readonly noise: RandomStream;
}

/**
 * One step of training: forward once, back as often as the method needs, and move. A step that throws has changed nothing, so that one
 * that goes on from there makes it once more.
 */
export class Stepper {
  readonly #parts: StepParts;
  readonly #proposer: Proposer;
  readonly #held: HeldStep;
  readonly #seen: WindowParts;
  readonly #ownedSlots: readonly OptimizerSlot[];
  readonly #ownedUpdates: readonly Float32Array[];
  readonly #start: StepStart;
  /** What the balancer remembers; plain data. */
  remembered: Remembered;
  /** Part of a checkpoint: a run keeps to what was decided at its beginning. */
  storage: GradientStorage;

  constructor(parts: StepParts) {
    this.#parts = parts;
    this.#proposer = new Proposer(parts);
    this.#held = new HeldStep(parts, this.#proposer);
    this.#seen = {
      ...parts,
      asksPerformance: parts.balancer.balancer.performance === true,
      atRepresentation: parts.balancer.level === "representation",
    };
    this.#ownedSlots = parts.parameters.owned.map(({ name, size }) => parts.memory.slot(name, size));
    this.#ownedUpdates = parts.parameters.owned.map(({ size }) => new Float32Array(size));
    this.#start = new StepStart(parts);
    this.remembered = { state: parts.balancer.start(), buffers: {} };
    this.storage = parts.storage;
  }

  /** Where its forward passes come from; the caller disposes of them. */
  get passes(): Passes {
    return this.#parts.passes;
  }

  /** Every optimizer slot by a name that is the same in every run of the experiment. */
  slots(): ReadonlyMap<string, OptimizerSlot> {
    return this.#parts.memory.slots;
  }

  /** `further` are as many independent batches as the method draws (`MethodFacts.draws`). */
  run(batch: Batch, moment: StepMoment, further: readonly Batch[] = []): StepReport {
    return this.#run(batchRows(this.#seen, batch, further), moment);
  }

  /** One step for all batches of a window, as if they were one; a window also of each further draw. */
  runWindow(window: Window, moment: StepMoment, further: readonly Window[] = []): StepReport {
    return this.#run(windowRows(this.#seen, window, further), moment);
  }

  #run(rows: StepRows, moment: StepMoment): StepReport {
    return inTensorScope(() => {
      const { remembered } = this;
      this.#start.begin();
      try {
        return this.#parts.balancer.balancer.action === "alternate" ? this.#alternate(rows, moment) : this.#joint(rows, moment);
      } catch (error) {
        this.#start.goBack();
        this.remembered = remembered;
        throw error;
      }
    });
  }

  #joint(rows: StepRows, moment: StepMoment): StepReport {
    const { dominance, policy, balancer, parameters } = this.#parts;
    const moves = balancer.look?.kind === "after-step" ? new GatheredMoves() : undefined;
    const report = this.#step(rows, moment, () => {
      if (moves === undefined) dominance.begin(moment.step + 1);
      return moves ?? dominance;
    });
    if (moves !== undefined && report.tracked !== undefined) {
      dominance.begin(moment.step + 1);
      moves.handTo(dominance, parameters.common);
    }
    if (report.directionNorm !== undefined) policy.succeeded();
    return report;
  }

  /**
   * One step for each group of tasks, each from a forward pass of its own with the parameters as the groups before left them.
   * Where a group has a bad value and the step must be skipped, the groups after it are left out too.
   */
  #alternate(rows: StepRows, moment: StepMoment): StepReport {
    const { balancer, dominance, policy, parameters, tasks: all } = this.#parts;
    const tasks = rows.labelled();
    const before = this.remembered;
    const { groups, state } = balancer.groups({ tasks, ...since(moment, this.#parts.began) }, before.state);
    this.remembered = { ...before, state };
    const moves = new GatheredMoves();
    const reports: StepReport[] = [];
    if (groups.length > 1) this.#start.beforeMoving();
    for (const group of groups) {
      const report = this.#step({ ...rows, observe: (way) => rows.observe(way, group), further: [] }, moment, () => moves, tasks);
      reports.push(withOwnCopy(report));
      if (report.trouble?.remedy.kind === "skip") break;
    }
    // A step in which nothing was trained draws nothing.
    if (reports.every(({ directionNorm }) => directionNorm === undefined)) this.remembered = before;
    if (reports.some(({ tracked }) => tracked !== undefined)) {
      dominance.begin(moment.step + 1);
      moves.handTo(dominance, parameters.common);
    }
    const merged = mergeReports(reports, all.length, parameters.common.length);
    if (merged.trouble === undefined && reports.length > 0) policy.succeeded();
    return merged;
  }

  #step(rows: StepRows, moment: StepMoment, measurement: () => MoveObserver, everyone?: readonly number[]): StepReport {
    return inTensorScope(() => {
      const { model } = this.#parts;
      const before = new StatisticsSnapshot(model.statistics);
      const noise = this.#parts.noise.save();
      const seen = rows.observe({ kind: moment.track ? "tracked" : "usual", recompute: this.storage === "recompute" });
      try {
        const drawn = rows.further.map((window) => this.#drawn(window));
        const present = seen.present.filter(({ task }) => drawn.every((each) => each.has(task)));
        const overflown = hasOverflown(model);
        if (drawn.length === 0 && everyone === undefined && this.storage === "stored" && !overflown) {
          const inPlace = this.#held.make(seen, present, moment, this.remembered);
          if (inPlace !== undefined) {
            this.#remember(inPlace.remembered);
            return inPlace.report;
          }
        }
        const { computed, trouble } =
          overflown && present.length > 0 ? this.#refuse(present, moment) : this.#propose(seen, present, moment, drawn, everyone);
        // Also where only a task was dropped: its bad values may have gone into moving statistics.
        if (computed === undefined || trouble !== undefined) before.restore();
        const common = { losses: seen.losses, outputs: seen.outputs, trouble };
        const all = this.#parts.tasks;
        if (computed === undefined) {
          return {
            ...common,
            weights: all.map(() => undefined),
            directionNorm: undefined,
            clipping: undefined,
            status: undefined,
            shortened: 1,
            tracked: undefined,
            walks: seen.walks,
          };
        }
        const { proposal, clipping } = this.#clipped(computed.proposal);
        const parts = this.#lookParts(seen, proposal, noise);
        const look = this.#look(proposal.tasks, moment);
        const along = look?.kind === "along-direction" ? lookAlong(parts, proposal.direction, look.offsets) : undefined;
        if (look?.kind === "after-step") this.#start.beforeMoving();
        const applied = this.#apply(proposal, computed, moment.rate, moment.track ? measurement() : undefined);
        const glimpses = look?.kind === "after-step" ? lookHere(parts) : along;
        if (glimpses !== undefined) this.#learn(proposal, present, moment, glimpses);
        const weights = all.map((_, task) => proposal.weights[proposal.tasks.indexOf(task)]);
        const { status, shortened } = proposal;
        return { ...common, weights, clipping, status, shortened, ...applied, walks: seen.walks };
      } finally {
        seen.dispose();
      }
    });
  }

  #remember({ state, buffers }: Remembered): void {
    this.remembered = { state, buffers: buffers ?? this.remembered.buffers ?? {} };
  }

  /** Gradients of further rows by task. Their forward passes move no statistics: rows count once. */
  #drawn(window: Window): ReadonlyMap<number, JacobianRow> {
    const before = new StatisticsSnapshot(this.#parts.model.statistics);
    try {
      return new WindowObservation({ ...this.#seen, asksPerformance: false, atRepresentation: false }, window).common;
    } finally {
      before.restore();
    }
  }

  /** Normalisation hides values that overflow from losses and gradients, but they stay in its moving statistics for ever. */
  #refuse(present: readonly Present[], moment: StepMoment): { readonly computed: undefined; readonly trouble: Trouble } {
    const bad = present.map(({ task }): BadValue => ({ task, what: "statistics" }));
    const everyone = bad.map(({ task }) => task);
    return { computed: undefined, trouble: { bad, remedy: this.#parts.policy.decide(bad, everyone, moment.step + 1) } };
  }

  /** Computes the step, without the tasks that must be dropped; nothing where it must be skipped. Changes no state. */
  #propose(
    seen: Observation,
    present: readonly Present[],
    moment: StepMoment,
    drawn: readonly ReadonlyMap<number, JacobianRow>[],
    everyone: readonly number[] | undefined,
  ): { readonly computed: Computed | undefined; readonly trouble: Trouble | undefined } {
    const { policy } = this.#parts;
    let tasks = present;
    let found: BadValue[] = [];
    for (;;) {
      // Rows in which no task has a label teach nothing, nor does a group of which all were dropped.
      if (tasks.length === 0) return { computed: undefined, trouble: dropped(found) };
      const further = drawn.map((rows) => tasks.map(({ task }) => rows.get(task) ?? []));
      const bad = tasks.flatMap(({ task, value }, position): BadValue[] => {
        if (!Number.isFinite(value)) return [{ task, what: "loss" }];
        return isFinite(further.map((rows) => rows[position] ?? [])) ? [] : [{ task, what: "gradient" }];
      });
      const before = { remembered: this.remembered, further, storage: this.storage };
      const computed = bad.length > 0 ? { bad } : seen.compute(this.#proposer, tasks, moment, before);
      if ("proposal" in computed) {
        return { computed, trouble: dropped(found) };
      }
      found = [...found, ...computed.bad];
      const remedy = policy.decide(computed.bad, everyone ?? tasks.map(({ task }) => task), moment.step + 1);
      if (remedy.kind === "skip") return { computed: undefined, trouble: { bad: found, remedy } };
      tasks = tasks.filter(({ task }) => !remedy.tasks.includes(task));
    }
  }

  #clipped(proposal: Proposal): { readonly proposal: Proposal; readonly clipping: Clipping | undefined } {
    return this.#parts.clip === undefined ? { proposal, clipping: undefined } : clip(proposal, this.#parts.clip);
  }

  #apply(
    proposal: Proposal,
    { pass, proposal: unclipped }: Computed,
    rate: number,
    moves: MoveObserver | undefined,
  ): Pick<StepReport, "directionNorm" | "tracked"> {
    const { parameters, commonUpdate, optimizer, memory } = this.#parts;
    const { tasks, rows, parts, owned } = proposal;
    this.#remember(proposal.remembered);
    memory.recall();
    const applied = commonUpdate.apply({ ...proposal, rows: parts, rate }, moves);
    parameters.owned.forEach((parameter, index) => {
      const gradient = owned[index];
      const slot = this.#ownedSlots[index];
      const update = this.#ownedUpdates[index];
      if (gradient === undefined || slot === undefined || update === undefined) return;
      slot.step(gradient, rate, update);
      parameter.move(update, keptShare(optimizer.weightDecay, parameter.parameter.weight, rate));
    });
    // A network of one task has nothing in common; its direction is that of all its parameters.
    const directionNorm = Math.sqrt(squaredNorm(parameters.common.length > 0 ? applied : owned));
    if (moves === undefined) return { directionNorm, tracked: undefined };
    if (rows !== undefined) return { directionNorm, tracked: { tasks, rows, applied } };
    if (pass === undefined) throw new RangeError("Gradients that are neither stored nor can be walked again cannot be tracked.");
    return {
      directionNorm,
      tracked: trackAgain({ pass, proposal, parameters, commonUpdate, rate, unclipped: unclipped.direction, applied }, moves),
    };
  }

  /** What the method looks at in this step. */
  #look(tasks: readonly number[], moment: StepMoment): Look | undefined {
    const { balancer } = this.#parts;
    if (balancer.look === undefined) return undefined;
    return balancer.demand({ tasks, ...since(moment, this.#parts.began) }, this.remembered.state).look === false
      ? undefined
      : balancer.look;
  }

  #lookParts(seen: Observation, { tasks }: Proposal, noiseBefore: readonly number[]): LookParts {
    const { model, parameters, noise } = this.#parts;
    return { model, common: parameters.common, noise, noiseBefore, losses: () => seen.again(tasks) };
  }

  /** What cannot be believed teaches nothing. */
  #learn({ tasks }: Proposal, present: readonly Present[], moment: StepMoment, seen: Glimpses): void {
    if (!seen.looks.every((losses) => losses.every(Number.isFinite))) return;
    const losses = tasks.map((task) => present.find((each) => each.task === task)?.value ?? Number.NaN);
    this.remembered = {
      ...this.remembered,
      state: this.#parts.balancer.learn({ tasks, ...since(moment, this.#parts.began), losses, ...seen }, this.remembered.state),
    };
  }
}

function dropped(bad: readonly BadValue[]): Trouble | undefined {
  return bad.length === 0 ? undefined : { bad, remedy: { kind: "drop", tasks: bad.map(({ task }) => task) } };
}

function hasOverflown({ statistics }: MultiTaskModel): boolean {
  return !isFinite([statistics.map(({ variable }) => variable.dataSync<"float32">())]);
}
