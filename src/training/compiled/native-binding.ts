import { backend, type Tensor } from "@tensorflow/tfjs-core";
import type { Attribute } from "./graph-file.ts";

/** A tensor of TensorFlow's own, as the binding tells of it. */
export interface NativeTensor {
  readonly id: number;
  readonly shape: readonly number[];
  readonly dtype: number;
}

/** The calls of the published binding of `@tensorflow/tfjs-node` that a recording needs. */
export interface NativeBinding {
  /** The tensor may share the memory of `values`, which must not be written to while it, or what is made of it, is there. */
  createTensor(shape: readonly number[], dtype: number, values: unknown): number;
  deleteTensor(id: number): void;
  tensorDataSync(id: number): Float32Array | Int32Array | Uint8Array;
  executeOp(name: string, attributes: readonly Attribute[], inputs: readonly number[], outputs: number): NativeTensor[];
  loadSavedModel(folder: string, tags: string): number;
  deleteSavedModel(id: number): void;
  runSavedModel(id: number, inputs: readonly number[], inputNames: string, outputNames: string): NativeTensor[];
  readonly TF_FLOAT: number;
  readonly TF_INT32: number;
  readonly TF_BOOL: number;
  readonly TF_ATTR_TYPE: number;
}

/** The native backend, as far as a recording looks into it. */
export interface NativeBackend {
  binding: NativeBinding;
  getInputTensorIds(tensors: readonly Tensor[]): number[];
  /** The values of a tensor. */
  readSync: (dataId: object) => unknown;
  /** Takes a tensor of TensorFlow's into the engine. */
  createOutputTensor(made: NativeTensor): Tensor;
}

/** The current backend if it is the native one with all that is needed, else undefined. */
export function nativeBackend(): NativeBackend | undefined {
  const current: unknown = backend();
  return isNative(current) ? current : undefined;
}

const calls = [
  "createTensor",
  "deleteTensor",
  "tensorDataSync",
  "executeOp",
  "loadSavedModel",
  "deleteSavedModel",
  "runSavedModel",
] as const satisfies readonly (keyof NativeBinding)[];

function isNative(value: unknown): value is NativeBackend {
  if (typeof value !== "object" || value === null || !("binding" in value) || !isBinding(value.binding)) return false;
  return ["getInputTensorIds", "readSync", "createOutputTensor"].every((name) => hasFunction(value, name));
}

export function isBinding(value: unknown): value is NativeBinding {
  return typeof value === "object" && value !== null && calls.every((call) => hasFunction(value, call));
}

function hasFunction(owner: object, name: string): boolean {
  return name in owner && typeof Reflect.get(owner, name) === "function";
}
