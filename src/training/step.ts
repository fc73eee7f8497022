import type { Tensor } from "@tensorflow/tfjs-core";
import type { BalancerState, PreparedBalancer, StepInput } from "../balancers/balancer.ts";
import type { Batch } from "./batches.ts";
import type { Dominance } from "./dominance.ts";
import { gramMatrix, rowNorms, squaredNorm, type JacobianRow } from "./gradients/gram.ts";
import { summedGradients, taskGradients, type ParameterSet } from "./gradients/per-task.ts";
import { Tape } from "./gradients/tape.ts";
import type { LossFunction } from "./losses.ts";
import type { MultiTaskModel } from "./model/model.ts";
import type { BadValue, NonFinitePolicy, Remedy } from "./non-finite.ts";
import type { CommonUpdate } from "./optimizers/common-update.ts";
import type { Optimizer } from "./optimizers/optimizer.ts";
import type { OptimizerSlot } from "./optimizers/slot.ts";
import { inTensorScope } from "./tensor-scope.ts";

/** What one step is made of; all of it lives as long as the training. */
export interface StepParts {
  readonly model: MultiTaskModel;
  readonly parameters: ParameterSet;
  /** One a task. */
  readonly losses: readonly LossFunction[];
  readonly balancer: PreparedBalancer;
  readonly optimizer: Optimizer;
  readonly commonUpdate: CommonUpdate;
  readonly dominance: Dominance;
  /** Whether a head sees its own loss or its weighted loss. */
  readonly heads: "own" | "weighted";
  readonly policy: NonFinitePolicy;
}

export interface StepMoment {
  /** Steps done before this one. */
  readonly step: number;
  readonly epoch: number;
  /**
   * Measure gradients and ownership in this step. It then walks back once for each task, whatever the method, and adds the
   * gradients up itself: the same sum in another order, so the last bits of a run depend on how often it is tracked.
   */
  readonly track: boolean;
}

/** What a step did. Arrays have one entry a task of the run. */
export interface StepReport {
  /** Undefined for a task without a label in the batch. */
  readonly losses: readonly (number | undefined)[];
  /** Undefined also for a task that was dropped, and all of them in a skipped step. */
  readonly weights: readonly (number | undefined)[];
  /** Outputs of the tasks, row-major, as the parameters were before the step. */
  readonly outputs: readonly Float32Array[];
  /** Norm of the applied direction; undefined in a skipped step. */
  readonly directionNorm: number | undefined;
  /** Present where it was asked for and the step was not skipped. */
  readonly tracked: TrackedGradients | undefined;
  readonly trouble: { readonly bad: readonly BadValue[]; readonly remedy: Remedy } | undefined;
  /** Backward walks made. */
  readonly walks: number;
}

/** Gradients of one tracked step, for norms, cosines and help. */
export interface TrackedGradients {
  readonly tasks: readonly number[];
  readonly rows: readonly JacobianRow[];
  readonly applied: JacobianRow;
}

interface Present {
  readonly task: number;
  readonly loss: Tensor;
  readonly value: number;
}

/** A step that was computed but has not changed anything yet. */
interface Proposal {
  readonly tasks: readonly number[];
  readonly weights: readonly number[];
  readonly state: BalancerState;
  readonly rows: readonly JacobianRow[] | undefined;
  readonly direction: JacobianRow;
  readonly owned: JacobianRow;
}

/** One step of training: forward once, back as often as the method needs, and move. */
export class Stepper {
  readonly #parts: StepParts;
  readonly #ownedSlots: readonly OptimizerSlot[];
  readonly #ownedUpdates: readonly Float32Array[];
  /** The balancer's state; plain data. */
  balancerState: BalancerState;

  constructor(parts: StepParts) {
    this.#parts = parts;
    this.#ownedSlots = parts.parameters.owned.map(({ size }) => parts.optimizer.slot(size));
    this.#ownedUpdates = parts.parameters.owned.map(({ size }) => new Float32Array(size));
    this.balancerState = parts.balancer.start();
  }

  /** Every optimizer slot by a name that is the same in every run of the experiment. */
  slots(): ReadonlyMap<string, OptimizerSlot> {
    const owned = this.#parts.parameters.owned.flatMap(({ name }, index) => {
      const slot = this.#ownedSlots[index];
      return slot === undefined ? [] : [[name, slot] as const];
    });
    return new Map([...this.#parts.commonUpdate.slots(), ...owned]);
  }

  run(batch: Batch, moment: StepMoment): StepReport {
    return inTensorScope(() => {
      const { model, parameters, losses } = this.#parts;
      const before = model.statistics.map(({ variable }) => variable.clone());
      const variables = [...parameters.common, ...parameters.owned].map(({ parameter }) => parameter.variable);
      const { tape, value } = Tape.record(variables, () => {
        const outputs = model.forward(batch.input, true);
        const tensors = outputs.map((output, task) => {
          const targets = batch.targets[task];
          const loss = losses[task];
          return targets === undefined || loss === undefined ? undefined : loss(output, targets.target, targets.rowWeight);
        });
        return { outputs: [...outputs], tensors };
      });
      try {
        const values = value.tensors.map((loss) => loss?.dataSync<"float32">()[0]);
        const present = value.tensors.flatMap((loss, task): Present[] => {
          const number = values[task];
          return loss === undefined || number === undefined ? [] : [{ task, loss, value: number }];
        });
        const outputs = value.outputs.map((output) => output.dataSync<"float32">());
        const { proposal, trouble } = this.#propose(tape, present, moment);
        const none = batch.targets.map(() => undefined);
        if (proposal === undefined || trouble !== undefined) {
          // Also where only a task was dropped: its bad values may have gone into moving statistics.
          model.statistics.forEach(({ variable }, index) => {
            const kept = before[index];
            if (kept !== undefined) variable.assign(kept);
          });
        }
        if (proposal === undefined) {
          return { losses: values, weights: none, outputs, directionNorm: undefined, tracked: undefined, trouble, walks: tape.walks };
        }
        const weights = batch.targets.map((_, task) => proposal.weights[proposal.tasks.indexOf(task)]);
        return { losses: values, weights, outputs, ...this.#apply(proposal, moment), trouble, walks: tape.walks };
      } finally {
        tape.dispose();
      }
    });
  }

  /** Computes the step, without the tasks that must be dropped; no proposal where it must be skipped. Changes no state. */
  #propose(
    tape: Tape,
    present: readonly Present[],
    moment: StepMoment,
  ): { readonly proposal: Proposal | undefined; readonly trouble: StepReport["trouble"] } {
    const { policy, model } = this.#parts;
    let tasks = present;
    let found: BadValue[] = [];
    // Normalisation hides values that overflow from losses and gradients, but they stay in its moving statistics for ever.
    const overflown = !isFinite([model.statistics.map(({ variable }) => variable.dataSync<"float32">())]);
    if (overflown && tasks.length > 0) {
      const bad = tasks.map(({ task }): BadValue => ({ task, what: "statistics" }));
      const everyone = bad.map(({ task }) => task);
      return { proposal: undefined, trouble: { bad, remedy: policy.decide(bad, everyone, moment.step + 1) } };
    }
    for (;;) {
      // A batch in which no task has a label teaches nothing.
      if (tasks.length === 0) return { proposal: undefined, trouble: undefined };
      const badLosses = tasks.filter(({ value }) => !Number.isFinite(value)).map(({ task }): BadValue => ({ task, what: "loss" }));
      const computed = badLosses.length > 0 ? { bad: badLosses } : this.#compute(tape, tasks, moment);
      if ("proposal" in computed) {
        policy.succeeded();
        const trouble =
          found.length === 0 ? undefined : { bad: found, remedy: { kind: "drop" as const, tasks: found.map(({ task }) => task) } };
        return { proposal: computed.proposal, trouble };
      }
      found = [...found, ...computed.bad];
      const remedy = policy.decide(
        computed.bad,
        tasks.map(({ task }) => task),
        moment.step + 1,
      );
      if (remedy.kind === "skip") return { proposal: undefined, trouble: { bad: found, remedy } };
      tasks = tasks.filter(({ task }) => !remedy.tasks.includes(task));
    }
  }

  #compute(
    tape: Tape,
    present: readonly Present[],
    moment: StepMoment,
  ): { readonly proposal: Proposal } | { readonly bad: readonly BadValue[] } {
    const { balancer, parameters } = this.#parts;
    const { needs, action } = balancer.balancer;
    const tasks = present.map(({ task }) => task);
    const input: StepInput = { tasks, losses: present.map(({ value }) => value), step: moment.step, epoch: moment.epoch };
    const oneWalk = action === "weigh-losses" && needs === "losses" && !moment.track;
    if (oneWalk) {
      const { weights, state } = balancer.weigh(input, this.balancerState);
      const seeds = present.map(({ loss }, position) => ({ loss, weight: weights[position] ?? 0 }));
      const { common, owned } = summedGradients(tape, seeds, tasks, this.#parts.heads === "own", parameters);
      if (isFinite([common, owned])) return { proposal: { tasks, weights, state, rows: undefined, direction: common, owned } };
      // The sum does not tell whose gradient is bad: look at each.
    }
    const gradients = present.map(({ loss }) => taskGradients(tape, loss, parameters));
    const bad = gradients.flatMap(({ common, owned }, position): BadValue[] =>
      isFinite([common, owned]) ? [] : [{ task: tasks[position] ?? position, what: "gradient" }],
    );
    if (bad.length > 0) return { bad };
    const rows = gradients.map(({ common }) => common);
    const { weights, state } = balancer.weigh(
      { ...input, ...(action === "replace-update" ? {} : measured(rows, needs)) },
      this.balancerState,
    );
    const direction = combine(rows, weights, parameters.common.length);
    const ownWeights = this.#parts.heads === "own" ? weights.map(() => 1) : weights;
    const owned = combine(
      gradients.map(({ owned: own }) => own),
      ownWeights,
      parameters.owned.length,
    );
    // Weights that are not finite, or a sum that overflows, are no task's own fault: all of them are in it.
    if (!isFinite([direction, owned])) return { bad: tasks.map((task) => ({ task, what: "gradient" })) };
    return { proposal: { tasks, weights, state, rows, direction, owned } };
  }

  #apply(proposal: Proposal, { step, track }: StepMoment): Pick<StepReport, "directionNorm" | "tracked"> {
    const { parameters, commonUpdate, dominance } = this.#parts;
    const { tasks, rows, owned } = proposal;
    this.balancerState = proposal.state;
    if (track) dominance.begin(step + 1);
    const applied = commonUpdate.apply(proposal, track ? dominance : undefined);
    parameters.owned.forEach((parameter, index) => {
      const gradient = owned[index];
      const slot = this.#ownedSlots[index];
      const update = this.#ownedUpdates[index];
      if (gradient === undefined || slot === undefined || update === undefined) return;
      slot.step(gradient, update);
      parameter.subtract(update);
    });
    // A network of one task has nothing in common; its direction is that of all its parameters.
    const directionNorm = Math.sqrt(squaredNorm(parameters.common.length > 0 ? applied : owned));
    return { directionNorm, tracked: track && rows !== undefined ? { tasks, rows, applied } : undefined };
  }
}

/** What a method needs beside the losses, and no more. */
function measured(rows: readonly JacobianRow[], needs: PreparedBalancer["balancer"]["needs"]): Pick<StepInput, "norms" | "gram"> {
  if (needs === "losses") return {};
  if (needs === "norms") return { norms: rowNorms(rows) };
  const gram = gramMatrix(rows);
  return { gram, norms: gram.map((row, i) => Math.sqrt(row[i] ?? 0)) };
}

/** Σ w_i g_i, block by block, in double precision. */
function combine(rows: readonly JacobianRow[], weights: readonly number[], blocks: number): JacobianRow {
  return Array.from({ length: blocks }, (_, index) => {
    const parts = rows.flatMap((row, position) => {
      const block = row[index];
      return block === undefined ? [] : [{ block, weight: weights[position] ?? 0 }];
    });
    const [first, ...rest] = parts;
    if (first === undefined) return undefined;
    if (rest.length === 0 && first.weight === 1) return first.block;
    const sum = new Float64Array(first.block.length);
    for (const { block, weight } of parts) for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] ?? 0) + weight * (block[i] ?? 0);
    return Float32Array.from(sum);
  });
}

/** Optimizers keep sums of squares in single precision, which ends at 3.4e38: beyond this a weight would never move again. */
const largestSquare = 1e37;

/** Any element that is not finite, or whose square would overflow an accumulator, shows in the sum of squares. */
function isFinite(rows: readonly JacobianRow[]): boolean {
  return rows.every((row) => squaredNorm(row) <= largestSquare);
}
