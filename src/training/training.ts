import { zeros } from "@tensorflow/tfjs-core";
import type { ParameterDescription, RunDescription, TaskDescription } from "../experiment/record.ts";
import type { Experiment, Task } from "../experiment/schema.ts";
import type { Balancer } from "../balancers/balancer.ts";
import { optionsIn, resolveBalancer } from "../balancers/catalogue.ts";
import { ClipShare } from "./clipping.ts";
import { AugmentedFeed } from "./data/augment/augmented-feed.ts";
import type { BatchFeed, Dataset } from "./data/dataset.ts";
import { Dominance } from "./dominance.ts";
import { divideByReach, type ParameterSet } from "./gradients/per-task.ts";
import type { GradientStorage } from "./gradients/storage.ts";
import { reachNotes } from "./gradients/reach-notes.ts";
import { computeReach, requireDeclaredReach } from "./gradients/reach.ts";
import { taskLoss, type TaskLoss } from "./losses/losses.ts";
import { describeTask, metricsOf, TaskMetrics } from "./metrics/metrics.ts";
import type { MultiTaskModel } from "./model/model.ts";
import { NonFinitePolicy } from "./non-finite.ts";
import type { Optimizer } from "./optimizers/optimizer.ts";
import { Phase, type PhaseParts, type PhaseStart } from "./phases/phase.ts";
import { planTraining, type TrainingPlan } from "./phases/plan.ts";
import { trainedPart } from "./phases/trained-part.ts";
import { measureOf } from "./plateau.ts";
import type { RandomStreams } from "./random-streams.ts";
import type { MeasuredTask } from "./recording.ts";
import type { Passes } from "./passes/pass.ts";
import type { Stepper } from "./step.ts";
import { StepFeed } from "./step-feed.ts";
import { inTensorScope } from "./tensor-scope.ts";
import { TrainedParameter } from "./trained-parameter.ts";
import { TrainingError } from "./training-error.ts";
import { stoppingRule, ValidationWatch } from "./validation-watch.ts";

/** What a training is put together from. */
export interface TrainingMaterial {
  readonly experiment: Experiment;
  readonly dataset: Dataset;
  readonly model: MultiTaskModel;
  readonly streams: RandomStreams;
  /** Name of the backend that computes. */
  readonly backend: string;
  /** Bytes that stored gradients may be measured against; what this process can still have unless told otherwise. */
  readonly freeMemory?: number;
  /** A method that is in no catalogue, in place of those that the experiment names; its options are the experiment's. */
  readonly balancer?: Balancer;
}

/** A training with everything that moves in it. What a checkpoint must hold is reached from here. */
export interface Training extends TrainingMaterial {
  /** All parameters of the model, those that never train among them. */
  readonly everything: readonly TrainedParameter[];
  readonly plan: TrainingPlan;
  /** The phase that is open. */
  readonly phase: Phase;
  /** Of the open phase. */
  readonly parameters: ParameterSet;
  readonly stepper: Stepper;
  readonly optimizer: Optimizer;
  readonly dominance: Dominance;
  readonly policy: NonFinitePolicy;
  /** What is not as usual: where the gradients are kept, and which tasks reach which parameters. */
  readonly notes: readonly string[];
  /** Where each phase keeps the tasks' gradients; part of a checkpoint: a run keeps to what was decided at its beginning. */
  readonly storages: GradientStorage[];
  readonly feed: BatchFeed;
  /** Where the further batches come from that the method draws in each step; as many as any phase needs. */
  readonly furtherFeeds: readonly BatchFeed[];
  /** Both, window by window. */
  readonly stepFeed: StepFeed;
  readonly losses: readonly TaskLoss[];
  readonly tasks: readonly MeasuredTask[];
  readonly clipShare: ClipShare;
  readonly validation: ValidationWatch;
  /** Metrics of the open epoch on the batches trained on. */
  readonly epochMetrics: readonly TaskMetrics[];
  readonly description: RunDescription;
  /** Gives back what the backend keeps for it, but the model. */
  dispose(): void;
  /** Opens the phase after the open one, after `step` steps; undefined where there is none. */
  enterNext(step: number): Phase | undefined;
  /** Opens a phase as a checkpoint has it. What it remembers is still to be put back. */
  reenter(index: number, start: PhaseStart): void;
}

/** Puts a training together: reach, phases, and all state. Throws `TrainingError` where the parts do not fit. */
export function prepareTraining(material: TrainingMaterial): Training {
  const { experiment, dataset, model, streams } = material;
  const ids = dataset.tasks.map(({ id }) => id);
  const settings = dataset.tasks.map(({ id }) => settingsOf(experiment, id));
  const reach = reachOf(model, dataset);
  requireDeclaredReach(model.parameters, reach, ids);
  const everything = model.parameters.map((parameter, index) => new TrainedParameter(parameter, reach[index] ?? []));

  const { batchSize, accumulate, seed, epochs, earlyStopping } = experiment.training;
  const feedOf = (stream: string): BatchFeed => {
    const rows = dataset.splits.train.feed({ batchSize, stream: streams.get(stream), scheduleSeed: seed });
    return dataset.augment === undefined ? rows : new AugmentedFeed(rows, dataset.augment, streams.get("augmentation"));
  };
  const feed = feedOf("batches");
  const stepsPerEpoch = Math.ceil(feed.batches / accumulate);
  const plan = planTraining(experiment, stepsPerEpoch);
  const trained = everTrained(everything, plan);
  const described = dataset.tasks.map((targets): TaskDescription => describeTask(targets, settingsOf(experiment, targets.id)));
  const storages: GradientStorage[] = [];
  const passes: Passes[] = [];
  const parts: PhaseParts = {
    ...material,
    ids,
    settings,
    parameters: everything,
    losses: dataset.tasks.map((targets) => taskLoss(settingsOf(experiment, targets.id), targets)),
    dominance: new Dominance(divideByReach(trained).common, ids.length, experiment.track.decay),
    policy: new NonFinitePolicy(experiment.training, ids),
    noise: streams.get("noise"),
    passes,
    plan,
    stepsPerEpoch,
    storages,
    measureOf: (metric) => measureOf(metric, described, dataset.tasks),
  };
  // Every phase is made once, so that what does not fit is told before the first step.
  const [first, ...later] = plan.phases.map((each) => new Phase(parts, each, { step: 0, balancer: 0 }));
  if (first === undefined) throw new TrainingError("experiment", "The training has no phase.");
  const phases = [first, ...later];
  const choices = phases.map((each) => each.chooseStorage(parts));
  storages.push(...choices.map(({ storage }) => storage));
  first.stepper.storage = storages[0] ?? "stored";
  let phase = first;
  phase.open(parts);
  const { balancer, options } = methodOf(material);
  const draws = Math.max(...phases.map((each) => each.draws));
  const furtherFeeds = Array.from({ length: draws }, (_, draw) => feedOf(`batches-${draw + 2}`));
  const rule = stoppingRule(earlyStopping, balancer.regularisation(options));
  return {
    ...material,
    everything,
    plan,
    get phase() {
      return phase;
    },
    get parameters() {
      return phase.parameters;
    },
    get stepper() {
      return phase.stepper;
    },
    get optimizer() {
      return phase.optimizer;
    },
    dispose() {
      for (const each of passes.splice(0)) each.dispose();
    },
    enterNext(step) {
      const next = plan.phases[phase.plan.index + 1];
      if (next === undefined) return undefined;
      phase.stepper.passes.dispose();
      phase = phase.next(parts, next, step);
      phase.open(parts);
      return phase;
    },
    reenter(index, start) {
      const saved = plan.phases[index];
      if (saved === undefined) throw new RangeError(`The experiment has ${plan.phases.length} phases, and no phase ${index + 1}.`);
      phase.stepper.passes.dispose();
      phase = new Phase(parts, saved, start);
      phase.open(parts);
    },
    dominance: parts.dominance,
    policy: parts.policy,
    notes: [...new Set(choices.flatMap(({ note }) => note ?? [])), ...reachNotes(everything, ids)],
    storages,
    feed,
    furtherFeeds,
    stepFeed: new StepFeed({ feed, furtherFeeds, streams, accumulate, stepsPerEpoch }),
    losses: parts.losses,
    tasks: settings.map((task, index) => ({ id: ids[index] ?? "", metrics: metricsOf(task) })),
    clipShare: new ClipShare(),
    validation: new ValidationWatch(rule, parts.measureOf(rule.metric), stepsPerEpoch),
    epochMetrics: dataset.tasks.map((targets) => new TaskMetrics(targets, metricsOf(settingsOf(experiment, targets.id)))),
    description: {
      tasks: described,
      parameters: everything.map((parameter) => describeParameter(parameter, trained.includes(parameter), ids)),
      ownership: phases.every((each) => each.balancer.accumulators === "per-task") ? "exact" : "attributed",
      ...optimizerOf(phases),
      backend: material.backend,
      stepsPerEpoch,
      totalSteps: plan.steps,
      epochs,
      rows: { train: dataset.splits.train.count, validation: dataset.splits.validation.count, test: dataset.splits.test.count },
    },
  };
}

/** The method of the experiment itself, whose regularisation is that of the whole training. */
function methodOf({ experiment, balancer }: TrainingMaterial): { readonly balancer: Balancer; readonly options: unknown } {
  return balancer === undefined ? resolveBalancer(experiment.balancer) : { balancer, options: optionsIn(experiment.balancer) };
}

function everTrained(parameters: readonly TrainedParameter[], { phases }: TrainingPlan): readonly TrainedParameter[] {
  const trained = new Set(phases.flatMap(({ train, name }) => trainedPart(parameters, train, name ?? "")));
  return parameters.filter((parameter) => trained.has(parameter));
}

/** Its id, where all phases have the same. */
function optimizerOf([first, ...others]: readonly Phase[]): Pick<RunDescription, "optimizer"> {
  const kind = first?.optimizer.kind;
  return kind !== undefined && others.every(({ optimizer }) => optimizer.kind === kind) ? { optimizer: kind } : {};
}

function settingsOf(experiment: Experiment, id: string): Task {
  const task = experiment.tasks[id];
  if (task === undefined) throw new TrainingError("experiment", `The data has targets for "${id}", which is not among the tasks.`);
  return task;
}

function reachOf(model: MultiTaskModel, dataset: Dataset): readonly (readonly number[])[] {
  return inTensorScope(() =>
    computeReach(
      model,
      dataset.inputs.map(({ shape }) => zeros([1, ...shape])),
    ),
  );
}

function describeParameter({ parameter, reach }: TrainedParameter, trains: boolean, tasks: readonly string[]): ParameterDescription {
  const { name, layer, weight, variable } = parameter;
  return {
    name,
    layer,
    weight,
    shape: variable.shape,
    size: variable.size,
    reach: !trains || reach.length === 0 ? "frozen" : reach.length > 1 ? "common" : "owned",
    tasks: reach.flatMap((task) => tasks[task] ?? []),
  };
}
