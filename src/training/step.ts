import type { Tensor, Variable } from "@tensorflow/tfjs-core";
import type { Look, PreparedBalancer, Remembered } from "../balancers/balancer.ts";
import type { RandomStream } from "../balancers/kernels/random-stream.ts";
import type { Clip } from "../experiment/clip-schema.ts";
import type { Batch } from "./batches.ts";
import { clip, type Clipping } from "./clipping.ts";
import type { TaskTargets } from "./data/dataset.ts";
import type { Dominance } from "./dominance.ts";
import { isFinite, squaredNorm, type JacobianRow } from "./gradients/gram.ts";
import { BackwardPass } from "./gradients/backward-pass.ts";
import { commonRow, type ParameterSet } from "./gradients/per-task.ts";
import type { GradientStorage } from "./gradients/storage.ts";
import { Tape } from "./gradients/tape.ts";
import { lookAlong, lookHere, type Glimpses, type LookParts } from "./looks.ts";
import type { LossFunction } from "./losses/loss.ts";
import { mergeReports, withOwnCopy } from "./merged-report.ts";
import type { MultiTaskModel } from "./model/model.ts";
import type { BadValue, NonFinitePolicy } from "./non-finite.ts";
import { GatheredMoves, type CommonUpdate, type MoveObserver } from "./optimizers/common-update.ts";
import type { OptimizerMemory } from "./optimizers/memory.ts";
import type { Optimizer } from "./optimizers/optimizer.ts";
import type { OptimizerSlot } from "./optimizers/slot.ts";
import { keptShare } from "./optimizers/weight-decay.ts";
import { performanceOf } from "./performance.ts";
import { Proposer, type Computed, type Present, type Proposal } from "./proposal.ts";
import { since, type StepCount, type StepMoment, type StepReport, type Trouble } from "./step-report.ts";
import { inTensorScope } from "./tensor-scope.ts";
import { trackAgain } from "./tracked-walk.ts";

/** What one step is made of; all of it lives as long as the training. */
export interface StepParts {
  readonly model: MultiTaskModel;
  readonly parameters: ParameterSet;
  /** One a task. */
  readonly losses: readonly LossFunction[];
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

/** One forward pass in training mode. */
interface Forward {
  readonly tape: Tape;
  readonly outputs: readonly Tensor[];
  /** Loss of each task, undefined for an absent one. */
  readonly losses: readonly (Tensor | undefined)[];
}

/** One step of training: forward once, back as often as the method needs, and move. */
export class Stepper {
  readonly #parts: StepParts;
  readonly #proposer: Proposer;
  readonly #variables: readonly Variable[];
  readonly #ownedSlots: readonly OptimizerSlot[];
  readonly #ownedUpdates: readonly Float32Array[];
  /** What the balancer remembers; plain data. */
  remembered: Remembered;
  /** Part of a checkpoint: a run keeps to what was decided at its beginning. */
  storage: GradientStorage;

  constructor(parts: StepParts) {
    this.#parts = parts;
    this.#proposer = new Proposer(parts);
    this.#variables = [...parts.parameters.common, ...parts.parameters.owned].map(({ parameter }) => parameter.variable);
    this.#ownedSlots = parts.parameters.owned.map(({ name, size }) => parts.memory.slot(name, size));
    this.#ownedUpdates = parts.parameters.owned.map(({ size }) => new Float32Array(size));
    this.remembered = { state: parts.balancer.start(), buffers: {} };
    this.storage = parts.storage;
  }

  /** Every optimizer slot by a name that is the same in every run of the experiment. */
  slots(): ReadonlyMap<string, OptimizerSlot> {
    return this.#parts.memory.slots;
  }

  /** `further` are as many independent batches as the method draws (`MethodFacts.draws`). */
  run(batch: Batch, moment: StepMoment, further: readonly Batch[] = []): StepReport {
    return this.#parts.balancer.balancer.action === "alternate" ? this.#alternate(batch, moment) : this.#joint(batch, moment, further);
  }

  #joint(batch: Batch, moment: StepMoment, further: readonly Batch[]): StepReport {
    const { dominance, policy } = this.#parts;
    const report = this.#step(batch, moment, further, () => {
      dominance.begin(moment.step + 1);
      return dominance;
    });
    if (report.directionNorm !== undefined) policy.succeeded();
    return report;
  }

  /**
   * One step for each group of tasks, each from a forward pass of its own with the parameters as the groups before left them.
   * Where a group has a bad value and the step must be skipped, the groups after it are left out too.
   */
  #alternate(batch: Batch, moment: StepMoment): StepReport {
    const { balancer, dominance, policy, parameters } = this.#parts;
    const tasks = batch.targets.flatMap((targets, task) => (targets === undefined ? [] : [task]));
    const before = this.remembered;
    const { groups, state } = balancer.groups({ tasks, ...since(moment, this.#parts.began) }, before.state);
    this.remembered = { ...before, state };
    const moves = new GatheredMoves();
    const reports: StepReport[] = [];
    for (const group of groups) {
      const targets = batch.targets.map((each, task) => (group.includes(task) ? each : undefined));
      const report = this.#step({ ...batch, targets }, moment, [], () => moves, tasks);
      reports.push(withOwnCopy(report));
      if (report.trouble?.remedy.kind === "skip") break;
    }
    // A step in which nothing was trained draws nothing.
    if (reports.every(({ directionNorm }) => directionNorm === undefined)) this.remembered = before;
    if (reports.some(({ tracked }) => tracked !== undefined)) {
      dominance.begin(moment.step + 1);
      moves.handTo(dominance, parameters.common);
    }
    const merged = mergeReports(reports, batch.targets.length, parameters.common.length);
    if (merged.trouble === undefined && reports.length > 0) policy.succeeded();
    return merged;
  }

  #step(
    batch: Batch,
    moment: StepMoment,
    further: readonly Batch[],
    measurement: () => MoveObserver,
    everyone?: readonly number[],
  ): StepReport {
    return inTensorScope(() => {
      const { model } = this.#parts;
      const before = model.statistics.map(({ variable }) => variable.clone());
      const restore = (kept: readonly Tensor[]): void => {
        model.statistics.forEach(({ variable }, index) => {
          const value = kept[index];
          if (value !== undefined) variable.assign(value);
        });
      };
      const noise = this.#parts.noise.save();
      const { tape, outputs: tensors, losses } = this.#forward(batch);
      try {
        const values = losses.map((loss) => loss?.dataSync<"float32">()[0]);
        const outputs = tensors.map((output) => output.dataSync<"float32">());
        const drawn = further.map((each) => this.#drawn(each, restore));
        const present = this.#present(batch, losses, values, outputs).filter(({ task }) => drawn.every((rows) => rows.has(task)));
        const { computed, trouble } = this.#propose(tape, present, moment, drawn, everyone);
        const none = batch.targets.map(() => undefined);
        // Also where only a task was dropped: its bad values may have gone into moving statistics.
        if (computed === undefined || trouble !== undefined) restore(before);
        const common = { losses: values, outputs, trouble };
        if (computed === undefined) {
          return {
            ...common,
            weights: none,
            directionNorm: undefined,
            clipping: undefined,
            status: undefined,
            shortened: 1,
            tracked: undefined,
            walks: tape.walks,
          };
        }
        const { proposal, clipping } = this.#clipped(computed.proposal);
        const parts = this.#lookParts(batch, proposal, noise);
        const look = this.#look(proposal.tasks, moment);
        const along = look?.kind === "along-direction" ? lookAlong(parts, proposal.direction, look.offsets) : undefined;
        const applied = this.#apply(proposal, computed, moment.rate, moment.track ? measurement() : undefined);
        const seen = look?.kind === "after-step" ? lookHere(parts) : along;
        if (seen !== undefined) this.#learn(proposal, present, moment, seen);
        const weights = batch.targets.map((_, task) => proposal.weights[proposal.tasks.indexOf(task)]);
        const { status, shortened } = proposal;
        return { ...common, weights, clipping, status, shortened, ...applied, walks: tape.walks };
      } finally {
        tape.dispose();
      }
    });
  }

  #forward(batch: Batch): Forward {
    const { tape, value } = Tape.record(this.#variables, () => {
      const outputs = this.#parts.model.forward(batch.inputs, true);
      return { outputs: [...outputs], losses: this.#losses(batch, outputs) };
    });
    return { tape, ...value };
  }

  #losses(batch: Batch, outputs: readonly Tensor[]): (Tensor | undefined)[] {
    return outputs.map((output, task) => {
      const targets = batch.targets[task];
      const loss = this.#parts.losses[task];
      return targets === undefined || loss === undefined ? undefined : loss(output, targets.target, targets.rowWeight);
    });
  }

  #present(
    { targets }: Batch,
    losses: readonly (Tensor | undefined)[],
    values: readonly (number | undefined)[],
    outputs: readonly Float32Array[],
  ): readonly Present[] {
    const { balancer, tasks } = this.#parts;
    return losses.flatMap((loss, task): Present[] => {
      const value = values[task];
      if (loss === undefined || value === undefined) return [];
      const [output, target, own] = [outputs[task], targets[task], tasks[task]];
      const asked = balancer.balancer.performance === true && output !== undefined && target !== undefined && own !== undefined;
      return [{ task, loss, value, ...(asked ? { performance: performanceOf(own, output, target.truth, target.present) } : {}) }];
    });
  }

  /** Gradients of a further batch by task. Its forward pass moves no statistics: a batch counts once. */
  #drawn(batch: Batch, restore: (kept: readonly Tensor[]) => void): ReadonlyMap<number, JacobianRow> {
    const { model, parameters } = this.#parts;
    const before = model.statistics.map(({ variable }) => variable.clone());
    const { tape, losses } = this.#forward(batch);
    try {
      const present = losses.flatMap((loss, task) => (loss === undefined ? [] : [{ loss, task }]));
      const pass = new BackwardPass(
        tape,
        present.map(({ loss }) => loss),
      );
      return new Map(present.map(({ task }, position) => [task, commonRow(pass, position, parameters)]));
    } finally {
      tape.dispose();
      restore(before);
    }
  }

  /** Computes the step, without the tasks that must be dropped; no proposal where it must be skipped. Changes no state. */
  #propose(
    tape: Tape,
    present: readonly Present[],
    moment: StepMoment,
    drawn: readonly ReadonlyMap<number, JacobianRow>[],
    everyone: readonly number[] | undefined,
  ): { readonly computed: Computed | undefined; readonly trouble: Trouble | undefined } {
    const { policy, model } = this.#parts;
    let tasks = present;
    let found: BadValue[] = [];
    // Normalisation hides values that overflow from losses and gradients, but they stay in its moving statistics for ever.
    const overflown = !isFinite([model.statistics.map(({ variable }) => variable.dataSync<"float32">())]);
    if (overflown && tasks.length > 0) {
      const bad = tasks.map(({ task }): BadValue => ({ task, what: "statistics" }));
      const everyone = bad.map(({ task }) => task);
      return { computed: undefined, trouble: { bad, remedy: policy.decide(bad, everyone, moment.step + 1) } };
    }
    for (;;) {
      // A batch in which no task has a label teaches nothing, nor does a group of which all were dropped.
      if (tasks.length === 0) return { computed: undefined, trouble: dropped(found) };
      const further = drawn.map((rows) => tasks.map(({ task }) => rows.get(task) ?? []));
      const bad = tasks.flatMap(({ task, value }, position): BadValue[] => {
        if (!Number.isFinite(value)) return [{ task, what: "loss" }];
        return isFinite(further.map((rows) => rows[position] ?? [])) ? [] : [{ task, what: "gradient" }];
      });
      const computed = bad.length > 0 ? { bad } : this.#proposer.compute(tape, tasks, moment, this.remembered, further, this.storage);
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
    const { parameters, commonUpdate, optimizer } = this.#parts;
    const { tasks, rows, parts, owned } = proposal;
    this.remembered = { state: proposal.remembered.state, buffers: proposal.remembered.buffers ?? this.remembered.buffers ?? {} };
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

  #lookParts(batch: Batch, { tasks }: Proposal, noiseBefore: readonly number[]): LookParts {
    const { model, parameters, noise } = this.#parts;
    const losses = (): readonly number[] => {
      const values = this.#losses(batch, model.forward(batch.inputs, true));
      return tasks.map((task) => values[task]?.dataSync<"float32">()[0] ?? Number.NaN);
    };
    return { model, common: parameters.common, noise, noiseBefore, losses };
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
