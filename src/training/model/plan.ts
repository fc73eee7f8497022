import type { LossName } from "../../experiment/losses.ts";
import type { Experiment, LayerEntry, LayeredModel } from "../../experiment/schema.ts";
import { findLayer } from "../../experiment/layers.ts";
import { nearest } from "../../experiment/suggestion.ts";
import { enteredShape, planEmbeddings } from "./embeddings.ts";
import type { Dataset, InputSpec } from "../data/dataset.ts";
import { requireAxes, requireFlat, requirePixels } from "./input-axes.ts";
import { LayerNames, partsOf, type PlacedEntry } from "./layer-entry.ts";
import { layerRegistry, registeredLayer } from "./layer-registry.ts";
import type { OutputLayer } from "../kinds/kind.ts";
import { trainedKinds } from "../kinds/kinds.ts";
import { lossOf } from "../losses/losses.ts";
import { ModelError } from "./model-error.ts";
import { countParameters, shapeText, type PlannedLayer, type Source } from "./planned-layer.ts";
import { measureLayer } from "./trial-layer.ts";

/** Most parameters of one model: 400 MB, and optimizers keep several numbers more for each. */
export const mostParameters = 100_000_000;

/** What the model must know of the data. */
export type DataShape = Pick<Dataset, "inputs" | "tasks">;

/** What a model must know of the experiment. */
export type PlannedExperiment = Pick<Experiment, "model"> & Partial<Pick<Experiment, "tasks">>;

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
  const sequence = (entries: readonly PlacedEntry[], prefix: string, from: Source): PlannedLayer[] => {
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
function encodersOf({ inputs = {} }: LayeredModel, data: DataShape): ReadonlyMap<string, readonly PlacedEntry[]> {
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

function planLayer({ entry, path }: PlacedEntry, names: LayerNames, prefix: string, source: Source): PlannedLayer {
  const { kind, given } = partsOf(entry);
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
  return { path, name, kind, arguments: args, ...measureLayer(kind, () => registered.create(args), source, path) };
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
    ...measureLayer(layer, () => create(args), source, path),
  };
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

/** A task may have any name, also one that every object has. */
function headOf(heads: LayeredModel["heads"], task: string): readonly LayerEntry[] {
  return heads !== undefined && Object.hasOwn(heads, task) ? (heads[task] ?? []) : [];
}
