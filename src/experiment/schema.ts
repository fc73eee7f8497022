import { z } from "zod";
import { moduleDataSchema, moduleModelSchema } from "./module-forms.ts";
import { balancerSchema } from "./balancer-schema.ts";
import { clipSchema } from "./clip-schema.ts";
import { earlyStoppingSchema } from "./early-stopping-schema.ts";
import { optimizerSchema } from "./optimizer-schema.ts";
import { phasesSchema } from "./phase-schema.ts";
import { scheduleSchema } from "./schedule-schema.ts";
import { inputsSchema } from "./data/named-inputs.ts";
import { imageAugmentSchema, tableAugmentSchema } from "./data/augment-data.ts";
import { archiveDataSchema, arraysDataSchema } from "./data/array-data.ts";
import { folderDataSchema } from "./data/image-data.ts";
import { splitSchema } from "./data/split-data.ts";
import { lossSchema } from "./losses.ts";
import { metricSchema } from "./metrics.ts";
import { taskKindNames } from "./task-kinds.ts";
import { asSource, sourcesDataSchema } from "./data/source-data.ts";

import { missingSchema, tableInputSchema } from "./table-inputs.ts";

/**
 * What a `*.mtl.yaml` may say. The one source for the TypeScript type, the JSON Schema, completion and hover texts.
 * Layers' and balancers' own options are checked against their catalogues (`layers.ts`, `balancers/catalogue.ts`).
 */

const identifier = z.string().regex(/^[A-Za-z_][\w-]*$/, "Use letters, digits, _ and -, beginning with a letter or _.");

export const fileDataSchema = z.strictObject({
  file: z
    .string()
    .min(1)
    .describe("Path of a table, relative to this file: csv, tsv, json, jsonl or ndjson, each also packed as .gz, or parquet."),
  inputs: inputsSchema(z.union([z.string().min(1), tableInputSchema])).describe(
    "Columns that enter the network: a list, or several inputs by name, each with its columns and, under `model.inputs`, its own layers. A column is its name, or how it is encoded: numbers are standardised on the training rows, text is one-hot encoded.",
  ),
  missing: missingSchema
    .default("error")
    .describe(
      "What to do with a missing input: impute the training mean or zero (an own category of text), add a feature that says so, drop the row, or refuse.",
    ),
  memory: z
    .int()
    .min(1)
    .default(512)
    .describe(
      "MiB that the rows may take in memory. Where they need more they lie in a temporary file, and are read in shuffled windows of this size.",
    ),
  augment: tableAugmentSchema.optional(),
  split: splitSchema.prefault({}),
});

export const datasetDataSchema = z.strictObject({
  dataset: z.enum(["multi-mnist"]).describe("A data set that comes with Taskscope."),
  pairs: z.int().min(1).max(20).default(1).describe("Composites made from each digit; each draws another partner from the same split."),
  augment: imageAugmentSchema.optional(),
  split: splitSchema.prefault({}),
});

export const severalDataSchema = sourcesDataSchema(
  z.union([
    asSource(archiveDataSchema),
    asSource(arraysDataSchema),
    asSource(folderDataSchema),
    asSource(fileDataSchema),
    asSource(datasetDataSchema),
  ]),
);

/** An archive is tried before a table: both have a `file`. */
export const dataSchema = z
  .union([archiveDataSchema, arraysDataSchema, folderDataSchema, fileDataSchema, datasetDataSchema, moduleDataSchema, severalDataSchema])
  .describe("Where the rows come from.");

const className = z.union([z.string().min(1), z.number(), z.boolean()]);

export const taskSchema = z
  .strictObject({
    column: z.string().min(1).optional().describe("Column with the labels. Default: the task's own name."),
    columns: z
      .array(z.string().min(1))
      .min(1)
      .optional()
      .describe("Columns with the labels, in place of `column`: a label each (multi-label), or a component of a vector each (regression)."),
    separator: z.string().min(1).optional().describe("What stands between the labels in a cell of text; for multi-label."),
    classes: z
      .array(className)
      .min(2)
      .optional()
      .describe("All classes, in the order of the outputs. Default: those of the training rows, numbers by size, text by alphabet."),
    ignore: z.int().optional().describe("Class number of pixels without a label; for segmentation."),
    kind: z.enum(taskKindNames).describe("What is predicted: classes, labels, ordered classes, numbers, or a class for each pixel."),
    loss: lossSchema.optional().describe("Loss, averaged over the rows that have a label: its name, or one key with its options."),
    metrics: z.array(metricSchema).min(1).optional().describe("Metrics after each epoch; the first is shown as the headline."),
    threshold: z.number().optional().describe("For classes that are not in the table: whether the column's number is above this one."),
    weight: z.number().min(0).optional().describe("Constant weight of this task for the balancer `static`. Default: 1."),
  })
  .describe("One task: what is predicted from which column.");

/** A layer is its TensorFlow.js name alone, or one key with that name and the layer's arguments. */
export const layerSchema = z
  .union([z.string().min(1), z.record(z.string(), z.record(z.string(), z.unknown()).nullable())])
  .describe("A layer: its name, or its name with arguments.");

export const layeredModelSchema = z
  .strictObject({
    inputs: z
      .record(identifier, z.array(layerSchema))
      .optional()
      .describe("Layers of each input's own encoder, before the trunk. Several inputs are joined along their last axis."),
    trunk: z.array(layerSchema).min(1).describe("Layers that all tasks share, input first."),
    heads: z
      .record(identifier, z.array(layerSchema))
      .optional()
      .describe("Layers of each task's own head. The output layer that fits the task is added at the end."),
  })
  .describe("The network: a trunk that all tasks share, and a head for each task.");

export const modelSchema = z
  .union([layeredModelSchema, moduleModelSchema])
  .describe("The network: a trunk that all tasks share and a head for each task, or a module of your own.");

export const trainingSchema = z
  .strictObject({
    epochs: z.int().min(1).max(1_000_000).default(20).describe("Passes over the training rows."),
    batchSize: z.int().min(1).max(1_000_000).default(32).describe("Rows in a batch: those of a step, unless it has several batches."),
    accumulate: z
      .int()
      .min(1)
      .max(10_000)
      .default(1)
      .describe(
        "Batches in a step, seen one after the other and balanced as one: as large a batch as `batchSize` times this, in the memory of a small one. Each task's gradient is the mean over its labelled rows of all of them.",
      ),
    seed: z.int().min(0).default(0).describe("Seed of initial weights, batch order and every other random draw."),
    schedule: scheduleSchema.optional(),
    clip: clipSchema.optional(),
    earlyStopping: earlyStoppingSchema.optional(),
    phases: phasesSchema.optional(),
    backend: z
      .enum(["auto", "wasm", "native"])
      .default("wasm")
      .describe("`wasm` is always there; `native` needs @tensorflow/tfjs-node; `auto` takes native when it can."),
    threads: z
      .int()
      .min(1)
      .max(256)
      .default(1)
      .describe(
        "Threads on which the native backend computes; wasm has one. Operations of a compiled step share them, and its bits are the same at any number. Without `compile` each operation computes on all of them: that pays for large convolutions, costs small networks time, and repeats to the bit at the same number only.",
      ),
    heads: z
      .enum(["auto", "own", "weighted"])
      .default("auto")
      .describe(
        "Gradient of a head: of its own loss, or of its weighted loss. `auto`: weighted for methods that weigh losses, because their objective is the weighted sum in all parameters; own for all others, which say nothing of the heads.",
      ),
    compile: z
      .boolean()
      .default(true)
      .describe(
        "Whether the operations of a step are recorded once and then run without asking for each, which is faster. Where that computes the same; the run tells where it does not.",
      ),
    gradients: z
      .enum(["auto", "stored", "recompute"])
      .default("auto")
      .describe(
        "What happens to the tasks' gradients in a step: all are stored, or none, and the network is walked back again for what is needed of them. That takes more time and little memory. `auto`: recompute where they would take more than a quarter of the free memory and the method can do with it.",
      ),
    onNonFinite: z.enum(["skip", "drop-task", "throw"]).default("skip").describe("What to do when a loss or a gradient is not finite."),
    maxNormFactor: z
      .number()
      .gt(0)
      .default(1000)
      .describe(
        "Longest direction, in multiples of the sum of the task gradients' norms. A longer one is an accident of a nearly singular solve; it is shortened and told.",
      ),
    maxConsecutive: z
      .int()
      .min(1)
      .default(25)
      .describe("The run fails after so many skipped steps in a row, or as many in a row that the same task was dropped from."),
  })
  .describe("How long and how it trains.");

export const trackSchema = z
  .strictObject({
    every: z.int().min(1).default(10).describe("Steps between two records of gradients and dominance."),
    decay: z.number().min(0).lt(1).default(0.999).describe("Decay of the accumulated update (AU) per step."),
    snapshots: z.boolean().default(true).describe("Keep each tensor's element map after every epoch."),
  })
  .describe("What is recorded about the tasks' gradients and ownership.");

export const experimentSchema = z.strictObject({
  name: identifier.describe("Name of the experiment; runs carry it."),
  description: z.string().optional().describe("What this experiment is for."),
  data: dataSchema,
  tasks: z.record(identifier, taskSchema).describe("The tasks, in the order in which they are shown."),
  model: modelSchema,
  balancer: balancerSchema.default("equal"),
  optimizer: optimizerSchema.default("adam"),
  training: trainingSchema.prefault({}),
  track: trackSchema.prefault({}),
});

/** A checked experiment, all defaults filled in. */
export type Experiment = z.output<typeof experimentSchema>;
export type Task = z.output<typeof taskSchema>;
export type LayeredModel = z.output<typeof layeredModelSchema>;
export type LayerEntry = z.output<typeof layerSchema>;
