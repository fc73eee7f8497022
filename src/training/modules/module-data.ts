import type { DataModule, RowStream } from "../../../api/taskscope.js";
import { RandomStream } from "../../balancers/kernels/random-stream.ts";
import type { ModuleForm } from "../../experiment/module-forms.ts";
import type { Split } from "../../experiment/record.ts";
import type { Experiment } from "../../experiment/schema.ts";
import type { Dataset, InputSpec, NumberTargets, RowSource, RowValues } from "../data/dataset.ts";
import { MemorySource } from "../data/memory-source.ts";
import { checkRows } from "./data-rows.ts";
import { openDataModule, type ModuleRoom, type OpenModule } from "./open-module.ts";
import { isShape, readTask, targetsOf, type OwnTask } from "./own-task.ts";
import { UserStream } from "./row-stream.ts";
import { isRecord, RowsFault, shown, sizeOf } from "./rows-fault.ts";
import { asRandom, withRandomMeanwhile } from "./seeded-random.ts";
import { TargetMoments } from "./target-moments.ts";

export interface ModuleData {
  readonly dataset: Dataset;
  readonly module: OpenModule<DataModule>;
}

/** The training's seed does not enter: runs with other seeds are compared on the same rows. */
const dataSeed = 0;

const splits = ["train", "validation", "test"] as const;

/** Rows at once where a stream is read to learn how its targets are spread. */
const lookRows = 1024;

/**
 * The data that a module of the user's gives, checked. What it draws is the same in every run, as the rows of a file are; what a row
 * stream draws in an epoch of the training is decided by the batches' own stream. Throws `ModuleError`, at the line that is to blame where there is one.
 */
export async function openModuleData(
  form: ModuleForm,
  experiment: Pick<Experiment, "tasks" | "training">,
  room: ModuleRoom,
): Promise<ModuleData> {
  const random = RandomStream.seeded(dataSeed, "data");
  const module = await withRandomMeanwhile(random, () => openDataModule(form, room));
  const tasks = Object.entries(experiment.tasks).map(([id, { kind }]) => ({ id, kind }));
  const { seed } = experiment.training;
  let given: unknown;
  module.began();
  try {
    const context = { folder: room.baseFolder, seed, random: asRandom(random), tasks, options: form.options };
    given = await withRandomMeanwhile(random, () => module.definition.make(context));
  } catch (error) {
    throw module.thrown(error);
  }
  try {
    return { dataset: await datasetOf(given, tasks, module), module };
  } catch (error) {
    throw error instanceof RowsFault ? module.unfit(error.message) : error;
  }
}

async function datasetOf(given: unknown, asked: readonly Pick<OwnTask, "id" | "kind">[], module: OpenModule<DataModule>): Promise<Dataset> {
  if (!isRecord(given)) throw new RowsFault("The function given to defineData must return an object with `inputs` and `splits`.");
  const inputs = readInputs(given["inputs"]);
  const foreign = isRecord(given["tasks"]) ? Object.keys(given["tasks"]).find((id) => !asked.some((task) => task.id === id)) : undefined;
  if (foreign !== undefined) throw new RowsFault(`\`tasks\` has "${foreign}", which is no task of the experiment.`);
  const tasks = asked.map(({ id, kind }) => readTask(id, kind, given["tasks"]));
  const parts = given["splits"];
  if (!isRecord(parts)) throw new RowsFault("`splits` must be an object with `train`, `validation` and `test`.");

  const own = Object.fromEntries(splits.map((split) => [split, readSplit(parts[split], split, inputs, tasks)]));
  const train = own["train"];
  if (train === undefined) throw new TypeError("A data set has rows to train on.");
  const moments = await momentsOf(train, tasks, module);
  if (moments !== undefined) requireLabels(tasks, moments);
  const numbers = tasks.map(({ scale }, task) => scale ?? moments?.numbers(task) ?? []);
  const source = (split: Split): RowSource => sourceOf(own[split] ?? train, split, tasks, numbers, module);
  return {
    inputs,
    tasks: tasks.map((task, index) => targetsOf(task, numbers[index] ?? [], moments?.counted(index))),
    splits: { train: source("train"), validation: source("validation"), test: source("test") },
  };
}

type OwnSplit =
  | { readonly values: RowValues }
  | { readonly stream: RowStream; readonly rows: number; readonly read: (piece: unknown, first: number) => RowValues };

function readSplit(given: unknown, split: Split, inputs: readonly InputSpec[], tasks: readonly OwnTask[]): OwnSplit {
  if (given === undefined) throw new RowsFault(`\`splits\` has no \`${split}\`. Give \`train\`, \`validation\` and \`test\`.`);
  if (!isStream(given)) return { values: checkRows(given, inputs, tasks, split) };
  const { rows } = given;
  if (!Number.isInteger(rows) || rows < 1)
    throw new RowsFault(`${split}.rows must be how many rows an epoch has, at least 1, but it is ${shown(rows)}.`);
  return { stream: given, rows, read: (piece, first) => checkRows(piece, inputs, tasks, split, first) };
}

function isStream(value: unknown): value is RowStream {
  return isRecord(value) && typeof value["batches"] === "function";
}

/** How the training targets are spread; undefined where that is declared and would cost a pass over a stream. */
async function momentsOf(train: OwnSplit, tasks: readonly OwnTask[], module: OpenModule<DataModule>): Promise<TargetMoments | undefined> {
  const moments = new TargetMoments(tasks);
  if ("values" in train) moments.add(train.values);
  else if (tasks.some(({ kind, scale }) => kind === "regression" && scale === undefined)) {
    for await (const values of streamOf(train, "train", module, (each) => each).scan(lookRows)) moments.add(values);
  } else return undefined;
  return moments;
}

function requireLabels(tasks: readonly OwnTask[], moments: TargetMoments): void {
  tasks.forEach(({ id }, task) => {
    if (moments.labelled(task) === 0)
      throw new RowsFault(`The task "${id}" has no label in any training row, so there is nothing to learn.`);
  });
}

function sourceOf(
  own: OwnSplit,
  split: Split,
  tasks: readonly OwnTask[],
  numbers: readonly (readonly NumberTargets[])[],
  module: OpenModule<DataModule>,
): RowSource {
  const learnt = (values: RowValues): RowValues => ({
    ...values,
    targets: values.targets.map((all, task) => standardised(all, values.present[task], tasks[task], numbers[task] ?? [])),
  });
  return "values" in own ? new MemorySource(learnt(own.values)) : streamOf(own, split, module, learnt);
}

function streamOf(
  own: Extract<OwnSplit, { stream: RowStream }>,
  split: Split,
  module: OpenModule<DataModule>,
  learnt: (values: RowValues) => RowValues,
): UserStream {
  return new UserStream({
    stream: own.stream,
    count: own.rows,
    read: (piece, first) => {
      try {
        return learnt(own.read(piece, first));
      } catch (error) {
        throw error instanceof RowsFault ? module.unfit(error.message) : error;
      }
    },
    unfit: (explanation) => module.unfit(explanation),
    thrown: (error) => module.thrown(error),
    split,
    seed: dataSeed,
  });
}

function standardised(
  all: Float32Array,
  present: Uint8Array | undefined,
  task: OwnTask | undefined,
  numbers: readonly NumberTargets[],
): Float32Array {
  if (task?.kind !== "regression") return all;
  const size = sizeOf(task.shape);
  return all.map((value, i) => {
    if (present?.[Math.floor(i / size)] !== 1) return 0;
    const { mean, deviation } = numbers[i % size] ?? { mean: 0, deviation: 1 };
    return (value - mean) / deviation;
  });
}

function readInputs(given: unknown): readonly InputSpec[] {
  if (!Array.isArray(given) || given.length === 0)
    throw new RowsFault("`inputs` must be a list of what enters the network, at least one, each with `name` and `shape`.");
  const inputs = given.map((input: unknown, index): InputSpec => {
    const { name, shape, features = [] } = isRecord(input) ? input : {};
    if (typeof name !== "string" || !/^[A-Za-z_][\w-]*$/.test(name)) {
      throw new RowsFault(`inputs[${index}].name is ${shown(name)}. Use letters, digits, _ and -, beginning with a letter or _.`);
    }
    if (!isShape(shape))
      throw new RowsFault(`inputs[${index}].shape must be the shape of one row in whole numbers above 0, e.g. [28, 28, 1].`);
    if (!isTexts(features)) throw new RowsFault(`inputs[${index}].features must be a list of names.`);
    if (features.length > 0 && (shape.length !== 1 || features.length !== shape[0])) {
      throw new RowsFault(`inputs[${index}].features has ${features.length} names for a row of [${shape.join(", ")}].`);
    }
    return { name, shape, features };
  });
  const twice = inputs.find(({ name }, index) => inputs.findIndex((other) => other.name === name) < index);
  if (twice !== undefined) throw new RowsFault(`Two inputs are named "${twice.name}".`);
  return inputs;
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((each) => typeof each === "string");
}
