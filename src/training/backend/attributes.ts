import { type NamedAttrMap, type NamedTensorInfoMap, type TensorInfo, backend_util } from "@tensorflow/tfjs-core";

/** Readers of what a kernel is called with. They throw `TypeError` where it is not what TensorFlow.js 4.22 passes. */

export function inputTensor(inputs: NamedTensorInfoMap, name: string): TensorInfo {
  const tensor = inputs[name];
  if (tensor === undefined) throw new TypeError(`A kernel was called without its input "${name}".`);
  return tensor;
}

export function numberList(attributes: NamedAttrMap | undefined, name: string): number[] {
  const value: unknown = attributes?.[name];
  if (typeof value === "number") return [value];
  if (Array.isArray(value)) {
    const numbers = value.filter((entry: unknown) => typeof entry === "number");
    if (numbers.length === value.length) return numbers;
  }
  throw new TypeError(`A kernel was called without the numbers "${name}".`);
}

export function flag(attributes: NamedAttrMap | undefined, name: string): boolean {
  return attributes?.[name] === true;
}

export function text(attributes: NamedAttrMap | undefined, name: string): string | undefined {
  const value = attributes?.[name];
  return typeof value === "string" ? value : undefined;
}

type Padding = Parameters<typeof backend_util.computeConv2DInfo>[4];

/** Where a convolution's or pooling's window goes: picture and output sizes, strides, padding. Pictures are [batch, y, x, channel]. */
export type Geometry = backend_util.Conv2DInfo;

/** Geometry of a convolution, or undefined where channels do not come last. */
export function convolution(
  x: readonly number[],
  filter: readonly number[],
  attributes: NamedAttrMap | undefined,
  depthwise = false,
): Geometry | undefined {
  if (text(attributes, "dataFormat") === "NCHW") return undefined;
  const dilations = isGiven(attributes, "dilations") ? numberList(attributes, "dilations") : [1, 1];
  return backend_util.computeConv2DInfo(
    four(x),
    four(filter),
    two(numberList(attributes, "strides")),
    two(dilations),
    padding(attributes),
    rounding(attributes),
    depthwise,
  );
}

/** Geometry of a pooling. */
export function pooling(x: readonly number[], attributes: NamedAttrMap | undefined): Geometry {
  return backend_util.computePool2DInfo(
    four(x),
    two(numberList(attributes, "filterSize")),
    two(numberList(attributes, "strides")),
    1,
    padding(attributes),
    rounding(attributes),
  );
}

function isGiven(attributes: NamedAttrMap | undefined, name: string): boolean {
  const value: unknown = attributes?.[name];
  return value !== undefined && value !== null;
}

function padding(attributes: NamedAttrMap | undefined): Padding {
  const value: unknown = attributes?.["pad"];
  if (value === "same" || value === "valid" || typeof value === "number") return value;
  if (Array.isArray(value) && value.length === 4) {
    const sides = value.map((side: unknown) =>
      Array.isArray(side) ? two(side.filter((entry: unknown) => typeof entry === "number")) : two([]),
    );
    const [batch, y, x, channel] = sides;
    if (batch !== undefined && y !== undefined && x !== undefined && channel !== undefined) return [batch, y, x, channel];
  }
  throw new TypeError(`A kernel was called with the padding ${JSON.stringify(value)}.`);
}

function rounding(attributes: NamedAttrMap | undefined): "floor" | "round" | "ceil" | undefined {
  const value: unknown = attributes?.["dimRoundingMode"];
  return value === "floor" || value === "round" || value === "ceil" ? value : undefined;
}

function two(values: readonly number[]): [number, number] {
  const [first, second] = values.length === 1 ? [values[0], values[0]] : values;
  if (first === undefined || second === undefined) throw new TypeError(`Expected two numbers, got ${values.length}.`);
  return [first, second];
}

function four(values: readonly number[]): [number, number, number, number] {
  const [batch, y, x, channel] = values;
  if (batch === undefined || y === undefined || x === undefined || channel === undefined) {
    throw new TypeError(`Expected a shape of four axes, got [${values.join(", ")}].`);
  }
  return [batch, y, x, channel];
}
