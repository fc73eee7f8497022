import type { Tensor } from "@tensorflow/tfjs-core";
import { attributeKind, typeAttribute, type Attribute, type Constant, type GraphNode } from "./graph-file.ts";
import { elementType } from "./graph-builder.ts";
import { isBinding, type NativeBackend, type NativeBinding, type NativeTensor } from "./native-binding.ts";
import { NotRecordable, wholly } from "./not-recordable.ts";
import type { Trace } from "./trace.ts";

/**
 * Records what `run` asks TensorFlow for; what is recorded is really computed. Every value that enters is a constant, but what it feeds.
 * Throws `NotRecordable` where `run` reads a value back, because what it does next could depend on it, and where a tensor enters that was
 * neither made nor fed in it.
 */
export function recordNative<T>(native: NativeBackend, run: (trace: Trace<GraphNode>) => T): T {
  const { binding, readSync } = native;
  const recorder = new Recorder(native);
  native.binding = recorder.binding();
  native.readSync = () => recorder.refuse("a value is read back while the step is computed");
  try {
    return wholly(recorder, run);
  } finally {
    native.binding = binding;
    native.readSync = readSync;
  }
}

interface Value {
  /** Position of its node. */
  readonly node: number;
  readonly output: number;
  readonly dtype: number;
  readonly shape: readonly number[];
}

class Recorder implements Trace<GraphNode> {
  readonly nodes: GraphNode[] = [];
  readonly #native: NativeBackend;
  readonly #real: NativeBinding;
  readonly #values = new Map<number, Value>();

  constructor(native: NativeBackend) {
    this.#native = native;
    this.#real = native.binding;
  }

  /** Why it cannot be recorded, once that is known. */
  refusal: NotRecordable | undefined;

  refuse(why: string): never {
    this.refusal ??= new NotRecordable(why);
    throw this.refusal;
  }

  feed(name: string, tensor: Tensor): void {
    if (tensor.dtype !== "float32") this.refuse(`it takes in ${tensor.dtype} values from outside`);
    const id = this.#idOf(tensor);
    const node: GraphNode = {
      name,
      operation: "Placeholder",
      inputs: [],
      attributes: [typeAttribute("dtype", this.#real.TF_FLOAT), { name: "shape", type: attributeKind.shape, value: [...tensor.shape] }],
      outputs: [this.#real.TF_FLOAT],
      shapes: [tensor.shape],
    };
    const known = this.#values.get(id);
    // Where its numbers were written while recording, they came in as a constant that nothing has used yet.
    if (known === undefined)
      this.#values.set(id, { node: this.nodes.push(node) - 1, output: 0, dtype: this.#real.TF_FLOAT, shape: tensor.shape });
    else this.nodes[known.node] = node;
  }

  valueOf(tensor: Tensor): string {
    return this.#nameOf(this.#known(this.#idOf(tensor)));
  }

  /** The binding with three calls replaced. Its own properties cannot be written. */
  binding(): NativeBinding {
    const real = this.#real;
    const replaced: Pick<NativeBinding, "createTensor" | "executeOp" | "tensorDataSync"> = {
      createTensor: (shape, dtype, values) => {
        const id = real.createTensor(shape, dtype, values);
        this.#constant(id, shape, dtype, values);
        return id;
      },
      executeOp: (name, attributes, inputs, outputs) => {
        const made = real.executeOp(name, attributes, inputs, outputs);
        this.#operation(name, attributes, inputs, made);
        return made;
      },
      tensorDataSync: () => this.refuse("a value is read back while the step is computed"),
    };
    const whole: unknown = Object.create(real, Object.fromEntries(Object.entries(replaced).map(([name, value]) => [name, { value }])));
    if (!isBinding(whole)) throw new TypeError("The binding cannot be recorded.");
    return whole;
  }

  #operation(operation: string, attributes: readonly Attribute[], inputs: readonly number[], outputs: readonly NativeTensor[]): void {
    const known = inputs.map((id) => this.#known(id));
    // The eager interface finds out the type of some operations by itself; a graph must be told.
    const lacksType = typedByInput.has(operation) && !attributes.some((each) => each.name === "T");
    const first = known[0];
    const complete = lacksType && first !== undefined ? [...attributes, typeAttribute("T", first.dtype)] : attributes;
    const [whole, bias] = known;
    const node =
      operation === "Add" && whole !== undefined && bias !== undefined && isBias(whole, bias)
        ? this.#biasAdd(whole, bias)
        : this.#push(
            operation,
            known.map((value) => this.#nameOf(value)),
            complete,
            outputs,
          );
    outputs.forEach(({ id, dtype, shape }, output) => this.#values.set(id, { node, output, dtype, shape }));
  }

  /** As layers add their bias: the operation of this name TensorFlow makes one with the convolution or product before it, and a relu after it. */
  #biasAdd(whole: Value, bias: Value): number {
    const type = typeAttribute("T", whole.dtype);
    const size = this.#pushConstant({ type: this.#real.TF_INT32, shape: [1], values: Int32Array.of(-1) });
    const inputs = [this.#nameOf(bias), `${size}:0`];
    const vector = this.#push(
      "Reshape",
      inputs,
      [type, typeAttribute("Tshape", this.#real.TF_INT32)],
      [{ dtype: whole.dtype, shape: bias.shape.slice(-1) }],
    );
    const vectorName = this.nodes[vector]?.name ?? "";
    const layout: Attribute = { name: "data_format", type: attributeKind.string, value: "NHWC" };
    return this.#push("BiasAdd", [this.#nameOf(whole), `${vectorName}:0`], [type, layout], [whole]);
  }

  /** Its position. */
  #push(
    operation: string,
    inputs: readonly string[],
    attributes: readonly Attribute[],
    made: readonly Pick<Value, "dtype" | "shape">[],
  ): number {
    const [outputs, shapes] = [made.map(({ dtype }) => dtype), made.map(({ shape }) => shape)];
    return this.nodes.push({ name: `n${String(this.nodes.length)}`, operation, inputs, attributes, outputs, shapes }) - 1;
  }

  /** Its name. */
  #pushConstant(constant: Constant): string {
    const name = `c${String(this.nodes.length)}`;
    const attributes = [typeAttribute("dtype", constant.type)];
    this.nodes.push({ name, operation: "Const", inputs: [], attributes, outputs: [constant.type], constant });
    return name;
  }

  #constant(id: number, shape: readonly number[], dtype: number, values: unknown): void {
    if (!isNumbers(values)) return this.refuse("a constant of the step is no array of numbers");
    this.#pushConstant({ type: dtype, shape: [...shape], values: values.slice() });
    this.#values.set(id, { node: this.nodes.length - 1, output: 0, dtype, shape });
  }

  #nameOf({ node, output }: Value): string {
    const name = this.nodes[node]?.name;
    if (name === undefined) throw new TypeError("A value of a recording has no node.");
    return `${name}:${String(output)}`;
  }

  #idOf(tensor: Tensor): number {
    const [id] = this.#native.getInputTensorIds([tensor]);
    if (id === undefined) throw new TypeError("A tensor has no number.");
    return id;
  }

  #known(id: number): Value {
    const known = this.#values.get(id);
    return known ?? this.refuse("a tensor that was made outside of the step enters it");
  }
}

/** Operations that the native backend calls without saying the type of their input. */
const typedByInput: ReadonlySet<string> = new Set(["ExpandDims", "Select"]);

function isNumbers(values: unknown): values is Float32Array | Int32Array | Uint8Array {
  return values instanceof Float32Array || values instanceof Int32Array || values instanceof Uint8Array;
}

/** A float for each column, added to all rows. */
function isBias(whole: Value, bias: Value): boolean {
  const [columns = 0, ...rows] = [...whole.shape].reverse();
  const [own = 0, ...others] = [...bias.shape].reverse();
  return (
    whole.dtype === elementType.float &&
    rows.length > 0 &&
    own === columns &&
    columns > 1 &&
    bias.shape.length <= whole.shape.length &&
    others.every((size) => size === 1)
  );
}
