import { zeros } from "@tensorflow/tfjs-core";
import type { ParameterDescription, RunDescription, TaskDescription } from "../experiment/record.ts";
import type { Experiment, Task } from "../experiment/schema.ts";
import type { Balancer } from "../balancers/balancer.ts";
import { taskKinds } from "../experiment/task-kinds.ts";
import { optionsIn, resolveBalancer } from "../balancers/catalogue.ts";
import { ClipShare } from "./clipping.ts";
import type { BatchFeed, Dataset } from "./data/dataset.ts";
import { Dominance } from "./dominance.ts";
import { divideByReach, type ParameterSet } from "./gradients/per-task.ts";
import { computeReach, requireDeclaredReach } from "./gradients/reach.ts";
import { taskLoss, type TaskLoss } from "./losses/losses.ts";
import { describeTask, metricsOf, TaskMetrics } from "./metrics/metrics.ts";
import type { ModelParameter, MultiTaskModel } from "./model/model.ts";
import { NonFinitePolicy } from "./non-finite.ts";
import { DirectionUpdate } from "./optimizers/common-update.ts";
import { resolveOptimizer, type Optimizer } from "./optimizers/optimizer.ts";
import { TaskwiseUpdate } from "./optimizers/taskwise-update.ts";
import { measureOf } from "./plateau.ts";
import type { RandomStreams } from "./random-streams.ts";
import type { MeasuredTask } from "./recording.ts";
import { rateShare } from "./schedule.ts";
import { Stepper } from "./step.ts";
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
  /** A method that is in no catalogue, in place of the one that the experiment names; its options are the experiment's. */
  readonly balancer?: Balancer;
}

/** A training with everything that moves in it. What a checkpoint must hold is reached from here. */
export interface Training extends TrainingMaterial {
  readonly parameters: ParameterSet;
  readonly stepper: Stepper;
  readonly dominance: Dominance;
  readonly policy: NonFinitePolicy;
  /** Title of the balancing method. */
  readonly method: string;
  readonly optimizer: Optimizer;
  /** Learning rate of a step, counted from 0. */
  readonly rate: (step: number) => number;
  readonly feed: BatchFeed;
  /** Where the further batches come from that the method draws in each step. */
  readonly furtherFeeds: readonly BatchFeed[];
  readonly losses: readonly TaskLoss[];
  readonly tasks: readonly MeasuredTask[];
  readonly clipShare: ClipShare;
  readonly validation: ValidationWatch;
  /** Metrics of the open epoch on the batches trained on. */
  readonly epochMetrics: readonly TaskMetrics[];
  readonly description: RunDescription;
}

/** Puts a training together: reach, balancer, optimizer and all state. Throws `TrainingError` where the parts do not fit. */
export function prepareTraining(material: TrainingMaterial): Training {
  const { experiment, dataset, model, streams } = material;
  const ids = dataset.tasks.map(({ id }) => id);
  const settings = dataset.tasks.map(({ id }) => settingsOf(experiment, id));
  const reach = reachOf(model, dataset);
  requireDeclaredReach(model.parameters, reach, ids);
  const parameters = divideByReach(model.parameters.map((parameter, index) => new TrainedParameter(parameter, reach[index] ?? [])));

  const { balancer, options } =
    material.balancer === undefined
      ? resolveBalancer(experiment.balancer)
      : { balancer: material.balancer, options: optionsIn(experiment.balancer) };
  const optimizer = resolveOptimizer(experiment.optimizer);
  if (balancer.optimizers !== undefined && !balancer.optimizers.includes(optimizer.kind)) {
    throw new TrainingError(
      "experiment",
      `${balancer.title} works with ${balancer.optimizers.join(", ")}, not with ${optimizer.kind}. Choose another optimizer.`,
    );
  }
  const prepared = balancer.prepare(options, {
    tasks: ids.length,
    names: ids,
    taskWeights: settings.map(({ weight }) => weight ?? 1),
    kinds: settings.map(({ kind }) => taskKinds[kind].answers),
    seed: experiment.training.seed,
    epochs: experiment.training.epochs,
  });
  const taskwise = prepared.accumulators === "per-task";
  const regularisation = balancer.regularisation(options);
  const { heads } = experiment.training;
  const weighsLosses = balancer.action === "weigh-losses";

  const losses = dataset.tasks.map((targets) => taskLoss(settingsOf(experiment, targets.id), targets));
  const dominance = new Dominance(parameters.common, ids.length, experiment.track.decay);
  const policy = new NonFinitePolicy(experiment.training, ids);
  const commonUpdate = taskwise
    ? new TaskwiseUpdate(parameters.common, optimizer, ids)
    : new DirectionUpdate(parameters.common, optimizer, ids.length);
  const stepper = new Stepper({
    model,
    parameters,
    losses: losses.map(({ compute }) => compute),
    tasks: dataset.tasks,
    balancer: prepared,
    optimizer,
    commonUpdate,
    dominance,
    heads: heads === "auto" ? (weighsLosses ? "weighted" : "own") : heads,
    weightDecay: regularisation.weightDecay,
    maxNormFactor: experiment.training.maxNormFactor,
    clip: experiment.training.clip,
    policy,
    noise: streams.get("noise"),
  });
  const { batchSize } = experiment.training;
  const feedOf = (stream: string): BatchFeed =>
    dataset.splits.train.feed({ batchSize, stream: streams.get(stream), scheduleSeed: experiment.training.seed });
  const feed = feedOf("batches");
  const furtherFeeds = Array.from({ length: balancer.draws ?? 0 }, (_, draw) => feedOf(`batches-${draw + 2}`));
  const epochs = experiment.training.epochs;
  const described = dataset.tasks.map((targets): TaskDescription => describeTask(targets, settingsOf(experiment, targets.id)));
  const rule = stoppingRule(experiment.training.earlyStopping, regularisation);
  const span = { steps: feed.batches * epochs, stepsPerEpoch: feed.batches };
  return {
    ...material,
    parameters,
    stepper,
    dominance,
    policy,
    method: balancer.title,
    optimizer,
    rate: (step) => optimizer.learningRate * rateShare(experiment.training.schedule, step, span),
    feed,
    furtherFeeds,
    losses,
    tasks: settings.map((task, index) => ({ id: ids[index] ?? "", metrics: metricsOf(task) })),
    clipShare: new ClipShare(),
    validation: new ValidationWatch(rule, measureOf(rule.metric, described, dataset.tasks), feed.batches),
    epochMetrics: dataset.tasks.map((targets) => new TaskMetrics(targets, metricsOf(settingsOf(experiment, targets.id)), { ranks: false })),
    description: {
      tasks: described,
      parameters: model.parameters.map((parameter, index) => describeParameter(parameter, reach[index] ?? [], ids)),
      ownership: taskwise ? "exact" : "attributed",
      optimizer: optimizer.kind,
      backend: material.backend,
      stepsPerEpoch: feed.batches,
      totalSteps: span.steps,
      epochs,
      rows: { train: dataset.splits.train.count, validation: dataset.splits.validation.count, test: dataset.splits.test.count },
    },
  };
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

function describeParameter(parameter: ModelParameter, reach: readonly number[], tasks: readonly string[]): ParameterDescription {
  const { name, layer, weight, variable } = parameter;
  return {
    name,
    layer,
    weight,
    shape: variable.shape,
    size: variable.size,
    reach: reach.length > 1 ? "common" : reach.length === 1 ? "owned" : "frozen",
    tasks: reach.flatMap((task) => tasks[task] ?? []),
  };
}
