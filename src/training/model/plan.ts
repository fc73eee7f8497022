import type { LossName } from "../../experiment/losses.ts";
import type { Experiment, LayerEntry, LayeredModel } from "../../experiment/schema.ts";
import { findLayer } from "../../experiment/layers.ts";
import { nearest } from "../../experiment/suggestion.ts";
import { enteredShape, planEmbeddings } from "./embeddings.ts";
import type { Dataset, InputSpec } from "../data/dataset.ts";
import { layerRegistry, registeredLayer, type LayerArguments, type TfLayer } from "./layer-registry.ts";
import type { OutputLayer } from "../kinds/kind.ts";
import { trainedKinds } from "../kinds/kinds.ts";
import { lossOf } from "../losses/losses.ts";
import { ModelError } from "./model-error.ts";

/** Most parameters of one model: 400 MB, and optimizers keep several numbers more for each. */
export const mostParameters = 100_000_000;

/** What the model must know of the data. */
export type DataShape = Pick<Dataset, "inputs" | "tasks">;

/** What a model must know of the experiment. */
export type PlannedExperiment = Pick<Experiment, "model"> & Partial<Pick<Experiment, "tasks">>;

/** A layer with its name, arguments and shapes, before any memory is taken for it. Shapes are without the batch axis. */
export interface PlannedLayer {
  /** Its entry in the experiment file; the task's own for an output layer, which has none. */
  readonly path: readonly (string | number)[];
  readonly name: string;
  /** Name in the catalogue, or of the output layer that was added. */
  readonly kind: string;
  readonly arguments: LayerArguments;
  readonly outputShape: readonly number[];
  readonly weights: readonly PlannedWeight[];
  /** Of an embedding: the vector that begins as 0. */
  readonly zeroRow?: number;
}

export interface PlannedWeight {
  readonly name: string;
  readonly shape: readonly number[];
}

export interface ModelPlan {
  /** In the order of the inputs; without layers where an input goes into the trunk as it is. */
  readonly encoders: readonly PlannedEncoder[];
  /** What enters the trunk: the only input's shape, or all encoders' outputs one after the other along the last axis. */
  readonly entryShape: readonly number[];
  readonly trunk: readonly PlannedLayer[];
  /** In the order of the tasks; each ends with the output layer that was added. */
  readonly heads: readonly { readonly task: string; readonly layers: readonly PlannedLayer[] }[];
}

/** What an input of the network goes through before the trunk. */
export interface PlannedEncoder {
  readonly input: InputSpec;
  /** The vectors of its categories. */
  readonly vectors: readonly PlannedLayer[];
  readonly layers: readonly PlannedLayer[];
}

/** What a layer gets its input from: the data, or the layer before it. */
type Source = Pick<PlannedLayer, "name" | "outputShape">;

interface Entry {
  readonly entry: LayerEntry;
  readonly path: readonly (string | number)[];
}

/**
 * Works out every layer's name, arguments, weights and output shape, without a backend and without memory for the weights.
 * Calls `layerDone` after each layer, so that a caller knows what stood before a problem.
 * Throws `ModelError` at the first layer that does not fit.
 */
export function planModel(
  experiment: PlannedExperiment,
  data: DataShape,
  layerDone: (layer: PlannedLayer) => void = () => undefined,
): ModelPlan {
  const { model } = experiment;
  if ("module" in model) throw new TypeError("A network of the user's own code has no plan.");
  const trunkEntries = model.trunk.map((entry, index) => ({ entry, path: ["model", "trunk", index] }));
  const headEntries = data.tasks.map(({ id }) =>
    headOf(model.heads, id).map((entry, index) => ({ entry, path: ["model", "heads", id, index] })),
  );
  const encoderEntries = encodersOf(model, data);
  const names = new LayerNames([...[...encoderEntries.values()].flat(), ...trunkEntries, ...headEntries.flat()]);
  const sequence = (entries: readonly Entry[], prefix: string, from: Source): PlannedLayer[] => {
    const layers: PlannedLayer[] = [];
    for (const entry of entries) layers.push(planned(planLayer(entry, names, prefix, layers.at(-1) ?? from)));
    return layers;
  };
  let parameters = 0;
  const planned = (layer: PlannedLayer): PlannedLayer => {
    parameters += countParameters(layer);
    if (parameters > mostParameters) throw tooLarge(layer, parameters);
    layerDone(layer);
    return layer;
  };

  const encoders = data.inputs.map((input) => ({
    input,
    vectors: planEmbeddings(input, (name) => names.exact(name)).map(planned),
    layers: sequence(encoderEntries.get(input.name) ?? [], `${input.name}.`, dataSource(input, data.inputs)),
  }));
  const entry = joined(encoders.map(({ input, layers }) => layers.at(-1) ?? dataSource(input, data.inputs)));
  const trunk = sequence(trunkEntries, "", entry);
  const trunkEnd: Source = trunk.at(-1) ?? entry;
  const heads = data.tasks.map((task, index) => {
    const entries = headEntries[index] ?? [];
    const layers = sequence(entries, `${task.id}.`, trunkEnd);
    const path = (entries.at(-1) ?? trunkEntries.at(-1))?.path ?? ["model"];
    const last = layers.at(-1) ?? trunkEnd;
    const output = trainedKinds[task.kind].output(task, lossIn(experiment, task));
    if (output.on === "features") requireFlat(task.id, last, path);
    else requirePixels(task, last, path);
    return { task: task.id, layers: [...layers, planned(planOutput(task, output, names, last))] };
  });
  return { encoders, entryShape: entry.outputShape, trunk, heads };
}

function dataSource(input: InputSpec, all: readonly InputSpec[]): Source {
  return { name: all.length === 1 ? "the data" : `the input "${input.name}"`, outputShape: enteredShape(input) };
}

/** Several inputs are joined along their last axis, so all others must agree. */
function joined(sources: readonly Source[]): Source {
  const [first, ...others] = sources;
  if (first === undefined) throw new TypeError("The data has no input.");
  if (others.length === 0) return first;
  const outer = first.outputShape.slice(0, -1);
  for (const { name, outputShape } of others) {
    if (outputShape.length === outer.length + 1 && outer.every((axis, index) => axis === outputShape[index])) continue;
    throw new ModelError({
      code: "MTL408",
      path: ["model", "trunk"],
      message:
        `The inputs cannot be joined before the trunk: ${shapeText(first.outputShape)} from ${first.name} and ${shapeText(outputShape)} from ${name} ` +
        `differ in more than their last axis. Give each input layers under model.inputs that end alike, such as flatten and dense.`,
    });
  }
  const last = sources.reduce((sum, { outputShape }) => sum + (outputShape.at(-1) ?? 0), 0);
  return { name: "the inputs", outputShape: [...outer, last] };
}

/** Layers under `model.inputs`, by the input's name. Throws `ModelError` for an input that the data does not have. */
function encodersOf({ inputs = {} }: LayeredModel, data: DataShape): ReadonlyMap<string, readonly Entry[]> {
  const names = data.inputs.map(({ name }) => name);
  return new Map(
    Object.entries(inputs).map(([name, layers]) => {
      const path = ["model", "inputs", name];
      if (!names.includes(name)) {
        const close = nearest(name, names);
        const question = close === undefined ? "" : ` Did you mean "${close}"?`;
        throw new ModelError({ code: "MTL409", path, message: `The data has no input "${name}".${question} It has: ${names.join(", ")}.` });
      }
      return [name, layers.map((entry, index) => ({ entry, path: [...path, index] }))] as const;
    }),
  );
}

/** Number of trainable and fixed numbers in a layer. */
export function countParameters(layer: PlannedLayer): number {
  return layer.weights.reduce((sum, { shape }) => sum + shape.reduce((size, axis) => size * axis, 1), 0);
}

/** Gives each layer a unique name: its own where the experiment names it, else its kind's stem and a number. */
class LayerNames {
  readonly #taken = new Set<string>();

  constructor(entries: readonly Entry[]) {
    for (const { entry, path } of entries) {
      const name = parts(entry).given["name"];
      if (typeof name !== "string") continue;
      if (this.#taken.has(name)) {
        throw new ModelError({ code: "MTL207", path, message: `Two layers are named "${name}". Give each layer its own name.` });
      }
      this.#taken.add(name);
    }
  }

  automatic(stem: string): string {
    for (let number = 1; ; number++) {
      const name = `${stem}${number}`;
      if (!this.#taken.has(name)) return this.#take(name);
    }
  }

  /** The name itself, or with a number when a layer already has it. */
  exact(name: string): string {
    return this.#taken.has(name) ? this.automatic(name) : this.#take(name);
  }

  #take(name: string): string {
    this.#taken.add(name);
    return name;
  }
}

function planLayer({ entry, path }: Entry, names: LayerNames, prefix: string, source: Source): PlannedLayer {
  const { kind, given } = parts(entry);
  const listed = findLayer(kind);
  const registered = layerRegistry[kind];
  if (listed === undefined || registered === undefined) {
    throw new ModelError({ code: "MTL120", path, message: `There is no layer "${kind}".` });
  }
  const parsed = listed.arguments.safeParse(given);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new ModelError({
      code: "MTL404",
      path,
      message: `${kind}: ${issue?.path.join(".") ?? ""} ${issue?.message ?? "wrong arguments"}`,
    });
  }
  const { name: ownName, ...args } = parsed.data;
  const name = typeof ownName === "string" ? ownName : names.automatic(prefix + registered.stem);
  requireAxes(kind, registered.axes, source, path);
  if (registered.noise !== undefined) return { path, name, kind, arguments: args, outputShape: source.outputShape, weights: [] };
  return { path, name, kind, arguments: args, ...measure(kind, () => registered.create(args), source, path) };
}

function planOutput(
  task: DataShape["tasks"][number],
  { layer, arguments: args }: OutputLayer,
  names: LayerNames,
  source: Source,
): PlannedLayer {
  const path = ["tasks", task.id];
  const { create } = registeredLayer(layer);
  if (create === undefined) throw new TypeError(`The layer "${layer}" can be no output.`);
  return {
    path,
    name: names.exact(`${task.id}.output`),
    kind: layer,
    arguments: args,
    ...measure(layer, () => create(args), source, path),
  };
}

function parts(entry: LayerEntry): { readonly kind: string; readonly given: Readonly<Record<string, unknown>> } {
  if (typeof entry === "string") return { kind: entry, given: {} };
  const [first] = Object.entries(entry);
  return first === undefined ? { kind: "", given: {} } : { kind: first[0], given: first[1] ?? {} };
}

/** Lets a trial layer tell its weights and output shape. Its weights are only noted, never made. */
function measure(
  kind: string,
  create: () => TfLayer,
  source: Source,
  path: PlannedLayer["path"],
): Pick<PlannedLayer, "outputShape" | "weights"> {
  const weights: PlannedWeight[] = [];
  let outputShape: readonly number[];
  try {
    const layer = create();
    noteWeights(layer, weights);
    if ("cell" in layer) noteWeights(layer.cell, weights);
    // A batch of one: with an unknown batch size, reshape would not compare its sizes.
    const input = [1, ...source.outputShape];
    layer.build(input);
    outputShape = layer.computeOutputShape(input).slice(1).map(Number);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ModelError({
      code: "MTL404",
      path,
      message: `${kind} cannot be built on ${shapeText(source.outputShape)} from ${source.name}: ${reason.trim().replace(/\.?$/, ".")}`,
    });
  }
  if (outputShape.some((axis) => !(axis >= 1))) {
    throw new ModelError({
      code: "MTL402",
      path,
      message:
        `${kind} leaves nothing of ${shapeText(source.outputShape)} from ${source.name}: its output would be ${shapeText(outputShape)}. ` +
        `Make its window or border smaller, set "padding: same", or take out a pooling before it.`,
    });
  }
  return { outputShape, weights };
}

/** `addWeight` is the one way in which the library's layers make their weights. */
function noteWeights(layer: unknown, weights: PlannedWeight[]): void {
  if (typeof layer !== "object" || layer === null) return;
  Object.defineProperty(layer, "addWeight", {
    value: (name: string, shape: readonly number[]) => {
      weights.push({ name: weightName(name), shape });
    },
  });
}

/** The library writes `recurrent_kernel`, the experiment file and all its names are in camel case. */
export function weightName(libraryName: string): string {
  const last = libraryName.slice(libraryName.lastIndexOf("/") + 1);
  return last.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

const wanted = {
  1: "a flat row [features]",
  2: "a sequence [steps, channels]",
  3: "an image [height, width, channels]",
} as const;

function requireAxes(kind: string, axes: 1 | 2 | 3 | undefined, source: Source, path: PlannedLayer["path"]): void {
  const found = source.outputShape.length;
  if (kind === "flatten" && found < 2) {
    throw new ModelError({
      code: "MTL401",
      path,
      message: `flatten gets ${shapeText(source.outputShape)} from ${source.name}, which is flat already. Delete this layer.`,
    });
  }
  if (axes === undefined || axes === found) return;
  throw new ModelError({
    code: "MTL401",
    path,
    message: `${kind} needs ${wanted[axes]}, but gets ${shapeText(source.outputShape)} from ${source.name}. ${advice(axes, found, source)}`,
  });
}

function advice(axes: 1 | 2 | 3, found: number, source: Source): string {
  if (axes === 1) return "Put flatten or a global pooling before it.";
  if (found === 1 && source.name === "the data")
    return "The columns of a table are a flat row: use dense layers, or reshape the row first.";
  if (found === 1) return "Put it before the layer that flattens, or reshape the row first.";
  return "Use the layer for that kind of input, or put a reshape before it.";
}

function requireFlat(task: string, { name, outputShape }: Source, path: PlannedLayer["path"]): void {
  if (outputShape.length === 1) return;
  throw new ModelError({
    code: "MTL405",
    path,
    message: `The output layer of task "${task}" needs a flat row of features, but gets ${shapeText(outputShape)} from ${name}. Add flatten after this layer.`,
  });
}

function requirePixels({ id, shape }: DataShape["tasks"][number], { name, outputShape }: Source, path: PlannedLayer["path"]): void {
  if (outputShape.length === 3 && shape.every((side, axis) => side === outputShape[axis])) return;
  throw new ModelError({
    code: "MTL407",
    path,
    message:
      `The output layer of task "${id}" needs features for each of its ${shape.join(" × ")} pixels, [${[...shape, "channels"].join(", ")}], ` +
      `but gets ${shapeText(outputShape)} from ${name}. Set "padding: same" before it, and undo strides and poolings by upSampling2d or conv2dTranspose.`,
  });
}

/** The loss decides how many outputs a task has; where the experiment does not tell its tasks, it is the default of their kind. */
export function lossIn({ tasks }: PlannedExperiment, { id, kind }: DataShape["tasks"][number]): LossName {
  return lossOf(tasks?.[id] ?? { kind });
}

function tooLarge({ name, path }: PlannedLayer, parameters: number): ModelError {
  return new ModelError({
    code: "MTL403",
    path,
    message:
      `With "${name}" the model has ${parameters.toLocaleString("en")} parameters; ${mostParameters.toLocaleString("en")} are the limit. ` +
      `Give it fewer units, or make its input smaller by pooling.`,
  });
}

function shapeText(shape: readonly number[]): string {
  return `[${shape.join(", ")}]`;
}

/** A task may have any name, also one that every object has. */
function headOf(heads: LayeredModel["heads"], task: string): readonly LayerEntry[] {
  return heads !== undefined && Object.hasOwn(heads, task) ? (heads[task] ?? []) : [];
}
