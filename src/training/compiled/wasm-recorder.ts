import { getKernelsForBackend, type KernelFunc, type NamedAttrMap, type Tensor, type TensorInfo } from "@tensorflow/tfjs-core";
import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import type { KernelNode, KernelValue } from "./kernel-node.ts";
import { NotRecordable, wholly } from "./not-recordable.ts";
import type { Trace } from "./trace.ts";

type Call = Parameters<KernelFunc>[0];

const replaced = ["write", "readSync", "makeOutput"] as const satisfies readonly (keyof BackendWasm)[];
/** Kernels whose results have as many elements as the values of their inputs say. */
const shapedByValues = /^(NonMaxSuppression|Sparse|Ragged|Unique$|Where$|DenseBincount$|Bincount$)/;

/**
 * Records what kernels `run` asks the wasm backend for; what is recorded is really computed. Every value that enters is a constant, but
 * what it feeds. What only shares the numbers of a tensor, as a reshaping does, is no node. Throws `NotRecordable` where `run` reads a
 * value back, because what it does next could depend on it, and where a tensor enters that was neither made nor fed in it.
 */
export function recordWasm<T>(wasm: BackendWasm, run: (trace: Trace<KernelNode>) => T): T {
  const recorder = new Recorder();
  const kernels = getKernelsForBackend("wasm").map((kernel) => ({ kernel, real: kernel.kernelFunc }));
  const before = replaced.map((name) => [name, Object.getOwnPropertyDescriptor(wasm, name)] as const);
  const real: Pick<BackendWasm, (typeof replaced)[number]> = {
    write: wasm.write.bind(wasm),
    readSync: wasm.readSync.bind(wasm),
    makeOutput: wasm.makeOutput.bind(wasm),
  };
  for (const { kernel, real: compute } of kernels) kernel.kernelFunc = (call) => recorder.kernel(kernel.kernelName, compute, call);
  wasm.makeOutput = (...parameters) => recorder.made(real.makeOutput(...parameters));
  wasm.write = (values, shape, dtype) => recorder.written(real.write(values, shape, dtype), values, { shape, dtype });
  wasm.readSync = (...parameters) => recorder.read(() => real.readSync(...parameters));
  try {
    return wholly(recorder, run);
  } finally {
    for (const { kernel, real: compute } of kernels) kernel.kernelFunc = compute;
    for (const [name, own] of before) {
      if (own === undefined) Reflect.deleteProperty(wasm, name);
      else Object.defineProperty(wasm, name, own);
    }
  }
}

class Recorder implements Trace<KernelNode> {
  readonly nodes: KernelNode[] = [];
  /** Names of values, by the data that holds them. */
  readonly #values = new Map<object, string>();
  /** What the kernel that computes now has made room for, in this order; undefined where none computes. */
  #made: object[] | undefined;

  /** Why it cannot be recorded, once that is known. */
  refusal: NotRecordable | undefined;

  #refuse(why: string): never {
    this.refusal ??= new NotRecordable(why);
    throw this.refusal;
  }

  feed(name: string, { dataId, shape, dtype }: Tensor): void {
    if (dtype !== "float32") this.#refuse(`it takes in ${dtype} values from outside`);
    const known = this.#values.get(dataId);
    const node = leaf(name, "Placeholder", { shape: [...shape], dtype });
    // Where its numbers were written while recording, they came in as a constant that nothing has used yet.
    const position = known === undefined ? this.nodes.length : this.nodes.findIndex((each) => known === `${each.name}:0`);
    if (position < this.nodes.length && this.nodes[position]?.operation !== "Const")
      this.#refuse("two of the values that it is fed with are one");
    this.nodes[position] = node;
    this.#values.set(dataId, `${name}:0`);
  }

  valueOf({ dataId }: Tensor): string {
    return this.#known(dataId);
  }

  /** Computes with a kernel and writes it down; what a kernel asks other kernels for is part of it. */
  kernel(operation: string, compute: KernelFunc, call: Call): ReturnType<KernelFunc> {
    if (this.#made !== undefined) return compute(call);
    const made: object[] = [];
    this.#made = made;
    try {
      const results = compute(call);
      this.#note(operation, call, [results].flat(), made);
      return results;
    } finally {
      this.#made = undefined;
    }
  }

  made(result: TensorInfo): TensorInfo {
    this.#made?.push(result.dataId);
    return result;
  }

  /** Numbers that come in from JavaScript. */
  written(dataId: object, values: unknown, value: KernelValue): object {
    if (this.#made !== undefined) return dataId;
    if (!isNumbers(values)) return this.#refuse("a constant of the step is no array of numbers");
    const name = `c${String(this.nodes.length)}`;
    this.nodes.push({ ...leaf(name, "Const", { shape: [...value.shape], dtype: value.dtype }), constant: values.slice() });
    this.#values.set(dataId, `${name}:0`);
    return dataId;
  }

  /** A kernel may look at its inputs, and does so again in each run. */
  read<T>(values: () => T): T {
    return this.#made === undefined ? this.#refuse("a value is read back while the step is computed") : values();
  }

  #note(operation: string, { inputs, attrs }: Call, results: readonly TensorInfo[], made: readonly object[]): void {
    const given = Object.entries(inputs).flatMap(([key, input]) => (isGiven(input) ? [{ key, input }] : []));
    const fresh = results.filter(({ dataId }) => !given.some(({ input }) => input.dataId === dataId));
    if (fresh.length === 0) return;
    if (shapedByValues.test(operation)) this.#refuse(`how large a result of ${operation} is depends on values`);
    if ([...given.map(({ input }) => input), ...fresh].some(({ dtype }) => !numeric.has(dtype)))
      this.#refuse(`${operation} computes with text`);
    const name = `n${String(this.nodes.length)}`;
    this.nodes.push({
      name,
      operation,
      inputs: given.map(({ input }) => this.#known(input.dataId)),
      keys: Array.isArray(inputs) ? undefined : given.map(({ key }) => key),
      seen: given.map(({ input: { shape, dtype } }) => ({ shape: [...shape], dtype })),
      attributes: copied(attrs),
      outputs: fresh.map(({ shape, dtype }) => ({ shape: [...shape], dtype })),
      places: fresh.map(({ dataId }) => made.indexOf(dataId)),
    });
    fresh.forEach(({ dataId }, output) => this.#values.set(dataId, `${name}:${String(output)}`));
  }

  #known(dataId: object): string {
    return this.#values.get(dataId) ?? this.#refuse("a tensor that was made outside of the step enters it");
  }
}

/** Some kernels are called with null for what is left out. */
function isGiven(input: TensorInfo | null | undefined): input is TensorInfo {
  return input !== undefined && input !== null;
}

const numeric: ReadonlySet<string> = new Set(["float32", "int32", "bool"]);

function leaf(name: string, operation: "Placeholder" | "Const", value: KernelValue): KernelNode {
  return { name, operation, inputs: [], keys: [], seen: [], attributes: undefined, outputs: [value], places: [] };
}

/** Kernels are called with the arrays of those who asked, who may go on using them. */
function copied(attributes: NamedAttrMap | undefined): NamedAttrMap | undefined {
  if (attributes === undefined) return undefined;
  return Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name, Array.isArray(value) ? [...value] : value]));
}

function isNumbers(values: unknown): values is Float32Array | Int32Array | Uint8Array {
  return values instanceof Float32Array || values instanceof Int32Array || values instanceof Uint8Array;
}
