import type { initializers } from "../../experiment/layer-arguments.ts";
import type { RandomStream } from "../../balancers/kernels/random-stream.ts";

export type InitializerName = (typeof initializers)[number];

/**
 * First values of a weight, drawn from `random`: the formulas of TensorFlow.js's initializers with its defaults, but the same
 * numbers on every backend. `shape` is `[in, out]`, or `[...window, in, out]` of a convolution.
 */
export function initialValues(name: InitializerName, shape: readonly number[], random: RandomStream): Float32Array {
  const { fanIn, fanOut } = fans(shape);
  switch (name) {
    case "zeros":
      return new Float32Array(sizeOf(shape));
    case "ones":
      return new Float32Array(sizeOf(shape)).fill(1);
    case "randomNormal":
      return drawn(shape, () => 0.05 * random.normal());
    case "randomUniform":
      return drawn(shape, () => 0.05 * (2 * random.uniform() - 1));
    case "truncatedNormal":
      return drawn(shape, () => 0.05 * truncatedNormal(random));
    case "glorotNormal":
      return scaledNormal(shape, 2 / (fanIn + fanOut), random);
    case "glorotUniform":
      return scaledUniform(shape, 2 / (fanIn + fanOut), random);
    case "heNormal":
      return scaledNormal(shape, 2 / fanIn, random);
    case "heUniform":
      return scaledUniform(shape, 2 / fanIn, random);
    case "leCunNormal":
    case "varianceScaling":
      return scaledNormal(shape, 1 / fanIn, random);
    case "leCunUniform":
      return scaledUniform(shape, 1 / fanIn, random);
    case "orthogonal":
      return orthogonal(shape, random);
    case "identity":
      return identity(shape);
  }
}

/** A standard normal beyond two deviations is drawn again. */
function truncatedNormal(random: RandomStream): number {
  for (;;) {
    const value = random.normal();
    if (Math.abs(value) <= 2) return value;
  }
}

function scaledNormal(shape: readonly number[], variance: number, random: RandomStream): Float32Array {
  const deviation = Math.sqrt(variance);
  return drawn(shape, () => deviation * truncatedNormal(random));
}

function scaledUniform(shape: readonly number[], variance: number, random: RandomStream): Float32Array {
  const limit = Math.sqrt(3 * variance);
  return drawn(shape, () => limit * (2 * random.uniform() - 1));
}

/** Inputs and outputs of one unit: the window's size times the channels (Glorot & Bengio, 2010). */
function fans(shape: readonly number[]): { readonly fanIn: number; readonly fanOut: number } {
  const inputs = shape.at(-2);
  const outputs = shape.at(-1);
  if (inputs === undefined || outputs === undefined) {
    const size = Math.sqrt(sizeOf(shape));
    return { fanIn: size, fanOut: size };
  }
  const window = sizeOf(shape.slice(0, -2));
  return { fanIn: window * inputs, fanOut: window * outputs };
}

/** A random matrix with orthonormal rows or columns, whichever are fewer (Saxe et al., 2014), by Gram–Schmidt done twice. */
function orthogonal(shape: readonly number[], random: RandomStream): Float32Array {
  const outputs = shape.at(-1) ?? 1;
  const inputs = sizeOf(shape) / outputs;
  const length = Math.max(inputs, outputs);
  const vectors: Float64Array[] = [];
  while (vectors.length < Math.min(inputs, outputs)) {
    const vector = Float64Array.from({ length }, () => random.normal());
    for (const earlier of [...vectors, ...vectors]) subtractProjection(vector, earlier);
    const norm = Math.sqrt(dot(vector, vector));
    if (norm < 1e-6) continue;
    vectors.push(vector.map((value) => value / norm));
  }
  const values = new Float32Array(inputs * outputs);
  vectors.forEach((vector, index) => {
    vector.forEach((value, place) => {
      values[inputs >= outputs ? place * outputs + index : index * outputs + place] = value;
    });
  });
  return values;
}

function subtractProjection(vector: Float64Array, unit: Float64Array): void {
  const share = dot(vector, unit);
  unit.forEach((value, index) => {
    vector[index] = (vector[index] ?? 0) - share * value;
  });
}

function dot(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, value, index) => sum + value * (b[index] ?? 0), 0);
}

function identity(shape: readonly number[]): Float32Array {
  const [rows = 0, columns = 0] = shape;
  if (shape.length !== 2) throw new RangeError(`The initializer "identity" is for matrices; this weight is [${shape.join(", ")}].`);
  const values = new Float32Array(rows * columns);
  for (let i = 0; i < Math.min(rows, columns); i++) values[i * columns + i] = 1;
  return values;
}

function drawn(shape: readonly number[], draw: () => number): Float32Array {
  const values = new Float32Array(sizeOf(shape));
  for (let i = 0; i < values.length; i++) values[i] = draw();
  return values;
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((size, axis) => size * axis, 1);
}
