import { Tensor, tidy, Variable, zeros } from "@tensorflow/tfjs-core";
import { layers, LayersModel } from "@tensorflow/tfjs-layers";
import type { Forward, ModelContext, ModelModule } from "../../../api/taskscope.js";
import type { TaskTargets } from "../data/dataset.ts";
import type { ModuleForm } from "../../experiment/module-forms.ts";
import { trainedKinds } from "../kinds/kinds.ts";
import type { DataShape } from "../model/plan.ts";
import type { MultiTaskModel } from "../model/model.ts";
import { dropoutMask } from "../model/noise.ts";
import { StatisticsSnapshot } from "../model/statistics-snapshot.ts";
import type { RandomStreams } from "../random-streams.ts";
import { NamedVariables, namedLayers } from "./named-variables.ts";
import { openModelModule, type ModuleRoom, type OpenModule } from "./open-module.ts";
import { asRandom, withRandom, withRandomMeanwhile } from "./seeded-random.ts";
import { tensorFlow } from "./shared-engine.ts";

export interface ModuleModel {
  readonly model: MultiTaskModel;
  readonly module: OpenModule<ModelModule>;
}

/** What the network is told of the data and checked against: also the shape of each task's outputs for a row. */
interface NetworkShape extends DataShape {
  readonly outputShapes: readonly (readonly number[])[];
}

/**
 * Builds the network that a module of the user's describes. What it draws comes from named streams: first weights from
 * `weights/<name>`, whatever else the building draws from `model`, a pass while training from `noise`, another pass from
 * `noise-inference`. Throws `ModuleError` at the line that is to blame.
 */
export async function buildModuleModel(
  form: ModuleForm,
  data: NetworkShape,
  streams: RandomStreams,
  room: ModuleRoom,
): Promise<ModuleModel> {
  const variables = new NamedVariables(streams);
  const building = streams.get("model");
  const module = await withRandomMeanwhile(building, () => openModelModule(form, room));
  module.began();
  const network = new Network(module, data, streams, variables);
  try {
    const context = network.contextFor(form);
    const given: unknown = await withRandomMeanwhile(building, () => module.definition.make(context));
    network.take(given);
  } catch (error) {
    throw module.thrown(error);
  }
  network.tryOut();
  return { model: network, module };
}

class Network implements MultiTaskModel {
  readonly #module: OpenModule<ModelModule>;
  readonly #data: NetworkShape;
  readonly #streams: RandomStreams;
  readonly #variables: NamedVariables;
  #forward: Forward | undefined;
  #training = false;
  #mayVary = true;
  #frozen: ReadonlySet<string> = new Set();
  parameters: MultiTaskModel["parameters"] = [];
  statistics: MultiTaskModel["statistics"] = [];
  #made: readonly Variable[] = [];

  constructor(module: OpenModule<ModelModule>, data: NetworkShape, streams: RandomStreams, variables: NamedVariables) {
    this.#module = module;
    this.#data = data;
    this.#streams = streams;
    this.#variables = variables;
  }

  contextFor({ options }: ModuleForm): ModelContext {
    const variables = this.#variables;
    return {
      tf: tensorFlow,
      inputs: this.#data.inputs,
      tasks: this.#data.tasks.map(({ id, kind, classes }, index) => {
        const shape = this.#data.outputShapes[index] ?? [];
        return { id, kind, classes, outputs: shape.at(-1) ?? 1, outputShape: shape };
      }),
      options,
      random: asRandom(this.#streams.get("model")),
      parameter: (...made) => variables.parameter(...made),
      statistic: (...made) => variables.statistic(...made),
      layer: (name, layer) => {
        variables.layer(name, layer);
        return (input) => this.#apply(name, layer, input);
      },
      dropout: (input, rate) => {
        if (!(rate >= 0 && rate < 1)) throw new RangeError(`The rate of a dropout is at least 0 and below 1, not ${rate}.`);
        return this.#training && rate > 0 ? tensorFlow.mul(input, dropoutMask(input.shape, rate, this.#streams.get("noise"))) : input;
      },
    };
  }

  /** Takes what the user's function gave. */
  take(given: unknown): void {
    if (given instanceof LayersModel) {
      for (const { name, layer } of namedLayers(given)) this.#variables.layer(name, layer);
      this.#mayVary = false;
      this.#forward = (inputs, { training }) => listOf(given.apply(given.inputs.length === 1 ? one(inputs) : [...inputs], { training }));
    } else if (isForward(given)) this.#forward = given;
    else if (typeof given === "object" && given !== null && "forward" in given && isForward(given.forward)) {
      this.#forward = given.forward;
      if ("parameters" in given) this.#adopt(given.parameters);
      if ("compile" in given && given.compile !== undefined) {
        if (typeof given.compile !== "boolean") throw this.#module.unfit("`compile` must be true or false.");
        this.#mayVary = !given.compile;
      }
    } else {
      throw this.#module.unfit(
        "The function given to defineModel must return a forward function, an object with one under `forward`, or a model of TensorFlow.js.",
      );
    }
  }

  /** One pass of each kind on two rows of zeros: layers are built by it, and what is wrong shows before the training. */
  tryOut(): void {
    const noise = this.#streams.get("noise");
    const before = noise.save();
    tidy(() => {
      const inputs = this.#data.inputs.map(({ shape }) => zeros([2, ...shape]));
      this.forward(inputs, false);
      const kept = new StatisticsSnapshot(this.#variables.statistics);
      this.forward(inputs, true);
      kept.restore();
    });
    noise.restore(before);
    const { all, unnamed } = this.#variables.made;
    this.#made = all;
    this.parameters = this.#variables.parameters;
    this.statistics = this.#variables.statistics;
    if (unnamed.length === 0) return;
    const shapes = unnamed.slice(0, 3).map(({ shape }) => `[${shape.join(", ")}]`);
    throw this.#module.unfit(
      `${unnamed.length === 1 ? "A variable has" : `${unnamed.length} variables have`} no name (${shapes.join(", ")}${unnamed.length > 3 ? ", …" : ""}), ` +
        "so training could neither move nor keep them. Make them with `parameter` or `statistic`, wrap layers in `layer`, or return them under `parameters`.",
    );
  }

  get mayVary(): boolean {
    return this.#mayVary;
  }

  freeze(layers: ReadonlySet<string>): void {
    this.#frozen = layers;
  }

  forward(inputs: readonly Tensor[], training: boolean): readonly Tensor[] {
    this.#training = training;
    // Layers that the user's code applies by itself are not asked how they run; what they keep is put back.
    const kept = new StatisticsSnapshot(this.#frozenStatistics());
    try {
      const outputs = withRandom(this.#streams.get(training ? "noise" : "noise-inference"), () => this.#forward?.(inputs, { training }));
      return this.#checked(outputs, inputs[0]?.shape[0] ?? 0);
    } catch (error) {
      throw this.#module.thrown(error);
    } finally {
      this.#training = false;
      kept.restore();
    }
  }

  #frozenStatistics(): MultiTaskModel["statistics"] {
    return this.statistics.filter(({ name }) => this.#frozen.has(name.slice(0, Math.max(0, name.lastIndexOf(".")))));
  }

  dispose(): void {
    for (const variable of this.#made) variable.dispose();
  }

  #apply(name: string, layer: layers.Layer, input: Tensor | readonly Tensor[]): Tensor {
    const output = layer.apply(input instanceof Tensor ? input : [...input], { training: this.#training && !this.#frozen.has(name) });
    if (output instanceof Tensor) return output;
    throw new TypeError(`The layer "${name}" gives several tensors, or none. Apply it by itself, and return it under \`parameters\`.`);
  }

  #adopt(given: unknown): void {
    if (typeof given !== "object" || given === null)
      throw this.#module.unfit("`parameters` must be an object of variables and layers by name.");
    for (const [name, part] of Object.entries(given) as [string, unknown][]) {
      if (isVariable(part)) this.#variables.adopt(name, part);
      else if (part instanceof layers.Layer) this.#variables.layer(name, part);
      else throw this.#module.unfit(`\`parameters.${name}\` is neither a variable nor a layer of TensorFlow.js.`);
    }
  }

  #checked(outputs: unknown, rows: number): readonly Tensor[] {
    const { tasks, outputShapes } = this.#data;
    if (outputs instanceof Promise) throw this.#module.unfit("The forward function must not be async: a pass is recorded while it runs.");
    const list = outputs instanceof Tensor ? [outputs] : outputs;
    if (typeof list !== "object" || list === null) throw this.#module.unfit("The forward function must return the outputs of the tasks.");
    const foreign = Array.isArray(list) ? [] : Object.keys(list).filter((name) => !tasks.some(({ id }) => id === name));
    if (foreign.length > 0 || (Array.isArray(list) && list.length !== tasks.length)) {
      const what = foreign.length > 0 ? `an output for "${foreign.join(", ")}"` : `${Object.keys(list).length} outputs`;
      throw this.#module.unfit(`The forward function returned ${what}; the tasks are ${tasks.map(({ id }) => id).join(", ")}.`);
    }
    return tasks.map((task, index) => {
      const output: unknown = Reflect.get(list, Array.isArray(list) ? index : task.id);
      const shape = [rows, ...(outputShapes[index] ?? [])];
      const wanted = `[${shape.join(", ")}]`;
      if (!isTensor(output))
        throw this.#module.unfit(`The forward function returned no tensor for the task "${task.id}"; it must be ${wanted}.`);
      if (`[${output.shape.join(", ")}]` === wanted && output.dtype === "float32") return output;
      const found = `[${output.shape.join(", ")}]${output.dtype === "float32" ? "" : ` of ${output.dtype}`}`;
      throw this.#module.unfit(
        `The forward function returned ${found} for the task "${task.id}", and it must be ${wanted}: ${wordsOf(task, outputShapes[index] ?? [])}.`,
      );
    });
  }
}

function wordsOf({ kind, shape: targets }: Pick<TaskTargets, "kind" | "shape">, outputs: readonly number[]): string {
  const { outputWords, furtherWords } = trainedKinds[kind];
  const count = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1);
  const isTwice = count(outputs) === 2 * count(targets);
  return furtherWords !== undefined && isTwice ? `${outputWords}, ${furtherWords}` : outputWords;
}

/** That it gives tensors is checked when it has run. */
function isForward(value: unknown): value is Forward {
  return typeof value === "function";
}

function isTensor(value: unknown): value is Tensor {
  return value instanceof Tensor;
}

function isVariable(value: unknown): value is Variable {
  return value instanceof Variable;
}

function one(inputs: readonly Tensor[]): Tensor {
  const [input] = inputs;
  if (input === undefined) throw new TypeError("The network has no input.");
  return input;
}

function listOf(output: unknown): readonly Tensor[] {
  const list: readonly unknown[] = Array.isArray(output) ? output : [output];
  return list.map((each) => {
    if (each instanceof Tensor) return each;
    throw new TypeError("The model gave no tensor.");
  });
}
