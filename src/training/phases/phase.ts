import type { Balancer, PreparedBalancer } from "../../balancers/balancer.ts";
import { optionsIn, resolveBalancer } from "../../balancers/catalogue.ts";
import { taskKinds } from "../../experiment/task-kinds.ts";
import type { Experiment, Task } from "../../experiment/schema.ts";
import type { RandomStream } from "../../balancers/kernels/random-stream.ts";
import { openPasses } from "../compiled/open-passes.ts";
import type { Dataset } from "../data/dataset.ts";
import type { Dominance } from "../dominance.ts";
import { boundToGradients } from "../../balancers/gradient-storage.ts";
import { chooseStorage, type GradientStorage, type StorageChoice } from "../gradients/storage.ts";
import { divideByReach, type ParameterSet } from "../gradients/per-task.ts";
import type { TaskLoss } from "../losses/losses.ts";
import type { MultiTaskModel } from "../model/model.ts";
import type { NonFinitePolicy } from "../non-finite.ts";
import { DirectionUpdate } from "../optimizers/common-update.ts";
import { OptimizerMemory } from "../optimizers/memory.ts";
import { resolveOptimizer, type Optimizer } from "../optimizers/optimizer.ts";
import { TaskwiseUpdate } from "../optimizers/taskwise-update.ts";
import { Plateau, type Measure } from "../plateau.ts";
import { rateShare } from "../schedule.ts";
import type { Passes } from "../passes/pass.ts";
import { Stepper } from "../step.ts";
import type { TrainedParameter } from "../trained-parameter.ts";
import { TrainingError } from "../training-error.ts";
import type { PhasePlan, TrainingPlan } from "./plan.ts";
import { trainedPart } from "./trained-part.ts";

/** What lives as long as the training, and every phase works with. */
export interface PhaseParts {
  readonly experiment: Experiment;
  readonly model: MultiTaskModel;
  readonly dataset: Pick<Dataset, "tasks" | "splits">;
  /** Ids of the tasks, and what the experiment says of each. */
  readonly ids: readonly string[];
  readonly settings: readonly Task[];
  readonly parameters: readonly TrainedParameter[];
  readonly losses: readonly TaskLoss[];
  readonly dominance: Dominance;
  readonly policy: NonFinitePolicy;
  readonly noise: RandomStream;
  /** Passes that were opened, for whoever ends the training to dispose of. */
  readonly passes: Passes[];
  readonly plan: TrainingPlan;
  readonly stepsPerEpoch: number;
  /** Where each phase keeps the tasks' gradients, once that is decided. */
  readonly storages: readonly GradientStorage[];
  /** Bytes that stored gradients may be measured against; what this process can still have unless told otherwise. */
  readonly freeMemory?: number;
  measureOf(metric: string): Measure;
  /** A method that is in no catalogue, in place of the one that the experiment names. */
  readonly balancer?: Balancer;
}

/** Where a phase began; part of a checkpoint. Steps done, of the training. */
export interface PhaseStart {
  readonly step: number;
  /** Where its balancer began to count: with an earlier phase, where both have the same. */
  readonly balancer: number;
}

/**
 * A part of the training: which parameters train, how the tasks are balanced, and by which optimizer they move. What the optimizer
 * remembers goes on where the next phase has the same rules; what the balancer remembers goes on where the method and its options are the
 * same, and, for methods that keep vectors over the shared parameters, these too. Everything else begins anew.
 */
export class Phase {
  readonly plan: PhasePlan;
  readonly start: PhaseStart;
  readonly parameters: ParameterSet;
  readonly balancer: PreparedBalancer;
  readonly optimizer: Optimizer;
  readonly memory: OptimizerMemory;
  readonly stepper: Stepper;
  readonly plateau: Plateau | undefined;
  /** Layer of each common parameter. */
  readonly layers: readonly string[];
  readonly #measure: Measure | undefined;
  readonly #rate: (step: number) => number;

  constructor(parts: PhaseParts, plan: PhasePlan, start: PhaseStart, memory?: OptimizerMemory) {
    const { experiment, ids, settings, stepsPerEpoch } = parts;
    this.plan = plan;
    this.start = start;
    this.parameters = divideByReach(trainedPart(parts.parameters, plan.train, plan.name ?? ""));
    this.layers = this.parameters.common.map(({ parameter }) => parameter.layer);
    this.optimizer = resolveOptimizer(plan.optimizer);
    this.memory = memory ?? new OptimizerMemory(this.optimizer);
    const { balancer, options } = methodOf(parts, plan);
    requireOptimizer(balancer, this.optimizer);
    this.balancer = balancer.prepare(options, {
      tasks: ids.length,
      names: ids,
      taskWeights: settings.map(({ weight }) => weight ?? 1),
      kinds: settings.map(({ kind }) => taskKinds[kind].answers),
      seed: experiment.training.seed,
      epochs: plan.balancerEpochs,
    });
    const { heads, maxNormFactor, clip } = experiment.training;
    const { common } = this.parameters;
    const { weightDecay } = this.optimizer;
    const passes = openPasses(
      {
        model: parts.model,
        variables: [...this.parameters.common, ...this.parameters.owned].map(({ parameter }) => parameter.variable),
        losses: parts.losses.map(({ compute }) => compute),
        noise: parts.noise,
        update: {
          ...this.parameters,
          memory: this.memory,
          optimizer: this.optimizer,
          tasks: ids.length,
          ...(this.balancer.accumulators === "per-task" ? { taskwise: ids } : {}),
          ...(this.balancer.signs === undefined ? {} : { masking: this.balancer.signs.masking }),
        },
        batchSize: Math.min(experiment.training.batchSize, parts.dataset.splits.train.count),
      },
      experiment.training.compile,
    );
    parts.passes.push(passes);
    this.stepper = new Stepper({
      model: parts.model,
      parameters: this.parameters,
      passes,
      tasks: parts.dataset.tasks,
      balancer: this.balancer,
      began: { step: start.balancer, epoch: Math.floor(start.balancer / stepsPerEpoch) },
      optimizer: this.optimizer,
      memory: this.memory,
      commonUpdate:
        this.balancer.accumulators === "per-task"
          ? new TaskwiseUpdate(common, weightDecay, this.memory, ids)
          : new DirectionUpdate(common, weightDecay, this.memory, ids.length),
      dominance: parts.dominance,
      heads: heads === "auto" ? (balancer.action === "weigh-losses" ? "weighted" : "own") : heads,
      storage: parts.storages[plan.index] ?? "stored",
      weightDecay: balancer.regularisation(options).weightDecay,
      maxNormFactor,
      clip,
      policy: parts.policy,
      noise: parts.noise,
    });
    this.plateau = plan.plateau === undefined ? undefined : new Plateau(plan.plateau, stepsPerEpoch, start.step);
    this.#measure = plan.plateau === undefined ? undefined : parts.measureOf(plan.plateau.metric);
    this.#rate = rateOf(parts, plan, start, this.optimizer);
  }

  /** Whether the tasks' gradients are kept. Throws `TrainingError` where `recompute` is asked for and the method cannot do with it. */
  chooseStorage({ experiment, ids, freeMemory }: PhaseParts): StorageChoice {
    const { balancer } = this.balancer;
    return chooseStorage({
      asked: experiment.training.gradients,
      method: balancer.title,
      bound: boundToGradients(balancer, experiment.training.accumulate),
      tasks: ids.length,
      elements: this.parameters.common.reduce((sum, { size }) => sum + size, 0),
      free: freeMemory ?? process.availableMemory(),
    });
  }

  /** Learning rate of a step of the training, counted from 0. */
  rate(step: number): number {
    return this.#rate(step);
  }

  /** Further batches that the method draws in each step. */
  get draws(): number {
    return this.balancer.balancer.draws ?? 0;
  }

  validated(step: number, validation: Parameters<Measure>[0], broken: boolean): void {
    this.plateau?.see(step, broken ? undefined : this.#measure?.(validation));
  }

  /** Whether the phase ends after so many steps of the training. */
  isOver(step: number): boolean {
    return step - this.start.step >= this.plan.steps || this.plateau?.reached(step) === true;
  }

  /** Opens the phase: freezes what does not train, and has ownership measured of what does. */
  open({ model, dominance }: Pick<PhaseParts, "model" | "dominance">): void {
    const trained = new Set([...this.parameters.common, ...this.parameters.owned].map(({ parameter }) => parameter.layer));
    model.freeze(new Set(model.parameters.map(({ layer }) => layer).filter((layer) => !trained.has(layer))));
    dominance.attend(this.parameters.common);
  }

  /** The phase after this one, which ends after `step` steps, with what it goes on with. */
  next(parts: PhaseParts, plan: PhasePlan, step: number): Phase {
    const keeps = plan.method === this.plan.method;
    const memory = resolveOptimizer(plan.optimizer).rules === this.optimizer.rules ? this.memory : undefined;
    const { remembered } = this.stepper;
    const vectors = Object.keys(remembered.buffers ?? {}).length > 0;
    const before = keeps ? new Phase(parts, plan, { step, balancer: this.start.balancer }, memory) : undefined;
    if (before === undefined || (vectors && !sameParameters(before.parameters, this.parameters))) {
      return new Phase(parts, plan, { step, balancer: step }, memory);
    }
    before.stepper.remembered = remembered;
    return before;
  }
}

function methodOf({ balancer }: PhaseParts, plan: PhasePlan): { readonly balancer: Balancer; readonly options: unknown } {
  return balancer === undefined ? resolveBalancer(plan.balancer) : { balancer, options: optionsIn(plan.balancer) };
}

function requireOptimizer({ optimizers, title }: Balancer, { kind }: Optimizer): void {
  if (optimizers === undefined || optimizers.includes(kind)) return;
  throw new TrainingError("experiment", `${title} works with ${optimizers.join(", ")}, not with ${kind}. Choose another optimizer.`);
}

function rateOf({ experiment, plan: whole, stepsPerEpoch }: PhaseParts, plan: PhasePlan, start: PhaseStart, { learningRate }: Optimizer) {
  const highest = plan.learningRate ?? learningRate;
  const { schedule } = experiment.training;
  if (plan.schedule === undefined)
    return (step: number): number => highest * rateShare(schedule, step, { steps: whole.steps, stepsPerEpoch });
  const span = { steps: Math.min(plan.steps, Math.max(1, whole.steps - start.step)), stepsPerEpoch };
  return (step: number): number => highest * rateShare(plan.schedule, step - start.step, span);
}

function sameParameters(a: ParameterSet, b: ParameterSet): boolean {
  return a.common.length === b.common.length && a.common.every((parameter, index) => parameter === b.common[index]);
}
