import { engine, fill, tensor, tidy, variable, type Variable } from "@tensorflow/tfjs-core";
import { layers, LayersModel } from "@tensorflow/tfjs-layers";
import type { Initializer, Numbers } from "../../../api/taskscope.js";
import { initializers } from "../../experiment/layer-arguments.ts";
import { initialValues } from "../model/initial-weights.ts";
import type { ModelParameter, MultiTaskModel } from "../model/model.ts";
import { weightName } from "../model/trial-layer.ts";
import type { RandomStreams } from "../random-streams.ts";
import { withRandom } from "./seeded-random.ts";

type Statistic = MultiTaskModel["statistics"][number];

/** One thing that the user's network is made of, in the order in which it was named. */
type Part =
  | { readonly name: string; readonly variable: Variable; readonly trained: boolean }
  | { readonly name: string; readonly layer: layers.Layer };

/**
 * The variables of the user's network by names that are the same in every run: checkpoints, charts and ownership go by them.
 * What is thrown here reaches the user's own line through the stack.
 */
export class NamedVariables {
  readonly #streams: RandomStreams;
  readonly #parts: Part[] = [];
  /** Variables that were there before the user's code was loaded. */
  readonly #foreign = new Set(registeredVariables());

  constructor(streams: RandomStreams) {
    this.#streams = streams;
  }

  parameter(name: string, shape: readonly number[], first: Initializer | number | Numbers = "glorotUniform"): Variable {
    this.#requireFree(name);
    requireShape(name, shape);
    const values = typeof first === "string" ? this.#drawn(name, shape, first) : first;
    return this.#variable(name, shape, values, true);
  }

  statistic(name: string, shape: readonly number[], first: number | Numbers = 0): Variable {
    this.#requireFree(name);
    requireShape(name, shape);
    return this.#variable(name, shape, first, false);
  }

  /** Names a layer; its weights are drawn from a stream of its own when it is built. */
  layer(name: string, layer: layers.Layer): void {
    this.#requireFree(name);
    if (!(layer instanceof layers.Layer)) throw new TypeError(`What is named "${name}" is not a layer of TensorFlow.js.`);
    if (this.#parts.some((part) => "layer" in part && part.layer === layer))
      throw new Error(`The layer "${name}" has another name already.`);
    const build = layer.build.bind(layer);
    layer.build = (shape) => withRandom(this.#streams.get(`weights/${name}`), () => build(shape));
    this.#parts.push({ name, layer });
  }

  /** Names a variable that the user's code made by itself. */
  adopt(name: string, made: Variable): void {
    this.#requireFree(name);
    this.#parts.push({ name, variable: made, trained: made.trainable });
  }

  get parameters(): readonly ModelParameter[] {
    return this.#weights().flatMap(({ name, variable: made, trained }): ModelParameter[] => {
      const dot = name.lastIndexOf(".");
      const [layer, weight] = dot < 0 ? [name, "value"] : [name.slice(0, dot), name.slice(dot + 1)];
      return trained ? [{ name, layer, weight, variable: made, declared: { part: "undeclared" } }] : [];
    });
  }

  get statistics(): readonly Statistic[] {
    return this.#weights().flatMap(({ name, variable: made, trained }) => (trained ? [] : [{ name, variable: made }]));
  }

  /** All variables that the user's code has made, and those among them that have no name. */
  get made(): { readonly all: readonly Variable[]; readonly unnamed: readonly Variable[] } {
    const named = new Set(this.#weights().map(({ variable: made }) => made));
    const all = registeredVariables().filter((each) => !this.#foreign.has(each));
    return { all, unnamed: all.filter((each) => !named.has(each)) };
  }

  #weights(): readonly Extract<Part, { variable: Variable }>[] {
    const taken = new Set<string>();
    return this.#parts
      .flatMap((part) => ("layer" in part ? weightsOf(part.name, part.layer) : [part]))
      .map((part) => {
        let { name } = part;
        for (let number = 2; taken.has(name); number++) name = `${part.name}${number}`;
        taken.add(name);
        return { ...part, name };
      });
  }

  #variable(name: string, shape: readonly number[], values: number | Numbers, trained: boolean): Variable {
    const size = shape.reduce((product, axis) => product * axis, 1);
    if (typeof values !== "number" && values.length !== size) {
      throw new RangeError(`"${name}" is [${shape.join(", ")}] and needs ${size} first values, not ${values.length}.`);
    }
    const made = tidy(() => {
      const first = typeof values === "number" ? fill([...shape], values) : tensor(Float32Array.from(values), [...shape], "float32");
      return variable(first, trained);
    });
    this.#parts.push({ name, variable: made, trained });
    return made;
  }

  #drawn(name: string, shape: readonly number[], first: string): Float32Array {
    const initializer = initializers.find((each) => each === first);
    if (initializer === undefined) throw new RangeError(`There is no initializer "${first}". There are: ${initializers.join(", ")}.`);
    return initialValues(initializer, shape, this.#streams.get(`weights/${name}`));
  }

  #requireFree(name: string): void {
    if (typeof name !== "string" || !/^[A-Za-z_][\w-]*(?:\.[\w-]+)*$/.test(name)) {
      throw new TypeError(
        `"${name}" cannot be a name: use letters, digits, _ and -, with dots between parts, beginning with a letter or _.`,
      );
    }
    if (this.#parts.some((part) => part.name === name)) throw new Error(`The name "${name}" is given twice. Names are of one thing each.`);
  }
}

function registeredVariables(): readonly Variable[] {
  return Object.values(engine().state.registeredVariables);
}

function requireShape(name: string, shape: readonly number[]): void {
  if (Array.isArray(shape) && shape.every((axis) => Number.isInteger(axis) && axis > 0)) return;
  throw new TypeError(`The shape of "${name}" must be a list of whole numbers above 0.`);
}

/** Weights of a layer, and of the layers in a model; none before it is built. */
function weightsOf(name: string, layer: layers.Layer): readonly Extract<Part, { variable: Variable }>[] {
  if (layer instanceof LayersModel) return namedLayers(layer).flatMap((inner) => weightsOf(`${name}.${inner.name}`, inner.layer));
  const trainable = new Set(layer.trainableWeights);
  return layer.weights.map((weight) => {
    const made = registeredVariables().find((each) => each === weight.read());
    if (made === undefined) throw new TypeError(`A weight of the layer "${name}" is not a variable.`);
    return { name: `${name}.${weightName(weight.originalName)}`, variable: made, trained: trainable.has(weight) };
  });
}

/**
 * The layers of a model by names that do not depend on what was built before: TensorFlow.js counts in one process, so the automatic
 * `dense_Dense7` becomes `dense2`, counted in the model. Names that were given stay.
 */
export function namedLayers(model: LayersModel): readonly { readonly name: string; readonly layer: layers.Layer }[] {
  const counts = new Map<string, number>();
  return model.layers.map((layer) => {
    const automatic = /^[a-z0-9_]+_([A-Z]\w*?)\d+$/.exec(layer.name)?.[1];
    if (automatic === undefined) return { name: layer.name.replace(/[^\w-]/g, "_"), layer };
    const stem = automatic.charAt(0).toLowerCase() + automatic.slice(1);
    const number = (counts.get(stem) ?? 0) + 1;
    counts.set(stem, number);
    return { name: `${stem}${number}`, layer };
  });
}
