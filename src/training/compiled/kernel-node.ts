import { util, type DataType, type NamedAttrMap, type NamedTensorInfoMap, type TensorInfo } from "@tensorflow/tfjs-core";
import type { ValueNode } from "./trace.ts";

/** A value, as one kernel sees it: reshaping makes no other value. */
export interface KernelValue {
  readonly shape: readonly number[];
  readonly dtype: DataType;
}

/** One call of a kernel of the wasm backend. */
export interface KernelNode extends ValueNode {
  /** Under which the kernel takes each of its inputs, or undefined where it takes a list. */
  readonly keys: readonly string[] | undefined;
  /** One an input. */
  readonly seen: readonly KernelValue[];
  readonly attributes: NamedAttrMap | undefined;
  readonly outputs: readonly KernelValue[];
  /** Which of the results that the kernel makes room for each output is. */
  readonly places: readonly number[];
  /** Of a `Const` node. */
  readonly constant?: Float32Array | Int32Array | Uint8Array;
}

/** How much room a value takes. */
export function bytesOf({ shape, dtype }: KernelValue): number {
  return util.sizeFromShape([...shape]) * util.bytesPerElement(dtype);
}

/** Inputs as the kernel takes them: by name, or as a list. */
export function callInputs(keys: KernelNode["keys"], inputs: readonly TensorInfo[]): NamedTensorInfoMap {
  const named = inputs.map((input, index): [string, TensorInfo] => [keys?.[index] ?? String(index), input]);
  const given: object = keys === undefined ? [...inputs] : Object.fromEntries(named);
  if (!isMapOfTensors(given)) throw new TypeError("A kernel's inputs are tensors.");
  return given;
}

/** A list is one, too, by position. */
function isMapOfTensors(given: object): given is NamedTensorInfoMap {
  return Object.values(given).every((value: unknown) => typeof value === "object" && value !== null && "dataId" in value);
}
