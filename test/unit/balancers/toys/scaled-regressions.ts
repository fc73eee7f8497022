import { resolveBalancer } from "../../../../src/balancers/catalogue.ts";
import { RandomStream } from "../../../../src/balancers/kernels/random-stream.ts";
import { contextOf } from "../context.ts";

/** Sizes are a fifth to a tenth of the paper's, so that a test takes a second. */
const [inputs, hidden, outputs, batch] = [20, 32, 5, 40];

/**
 * GradNorm's toy: regressions y_t = σ_t tanh((B + ε_t) x) that differ in their scale σ_t alone, B of variance 10 and ε_t of 3.5, on a
 * common network of two ReLU layers with a linear head a task, squared loss, Adam 1e-3. Here with 20 inputs, 5 outputs and 32 units in
 * place of 250, 100 and four times 100. Answers with Σ over the outputs of each task's test error, divided by σ_t².
 */
export function scaledRegressions(method: string, options: object, scales: readonly number[], steps: number) {
  const stream = RandomStream.seeded(1, "scaled regressions");
  const normals = (size: number, deviation: number) => Float64Array.from({ length: size }, () => deviation * stream.normal());
  const base = normals(outputs * inputs, Math.sqrt(10));
  const targets = scales.map((scale) => ({
    scale,
    map: normals(outputs * inputs, Math.sqrt(3.5)).map((value, i) => value + (base[i] ?? 0)),
  }));
  const first = new Layer(inputs, hidden, stream);
  const second = new Layer(hidden, hidden, stream);
  const heads = scales.map(() => new Layer(hidden, outputs, stream));
  const prepared = resolveBalancer(method).balancer.prepare(options, contextOf(scales.length));
  let state = prepared.start();
  const tasks = scales.map((_, task) => task);

  const forward = (x: Float64Array) => {
    const h1 = relu(first.forward(x));
    const h2 = relu(second.forward(h1));
    const truths = targets.map(({ scale, map }) => product(map, x, outputs).map((value) => scale * Math.tanh(value)));
    const errors = heads.map((head, task) => head.forward(h2).map((value, i) => value - (truths[task]?.[i] ?? 0)));
    return { h1, h2, errors };
  };

  for (let step = 0; step < steps; step++) {
    const samples = Array.from({ length: batch }, () => {
      const x = normals(inputs, 1);
      return { x, ...forward(x) };
    });
    const losses = tasks.map((task) => samples.reduce((sum, { errors }) => sum + squares(errors[task]), 0) / (batch * outputs));
    // What each task asks of the second layer, sample by sample.
    const asked = tasks.map((task) =>
      samples.map(({ h2, errors }) => {
        const slope = (errors[task] ?? new Float64Array()).map((value) => (2 * value) / (batch * outputs));
        const back = heads[task]?.back(slope) ?? new Float64Array();
        return { slope, back: back.map((value, i) => ((h2[i] ?? 0) > 0 ? value : 0)) };
      }),
    );
    const norms = asked.map((slopes) => second.gradientNorm(slopes.map(({ back }, i) => ({ slope: back, input: samples[i]?.h1 }))));
    const { weights, state: next } = prepared.weigh({ tasks, losses, norms, step, epoch: 0 }, state);
    state = next;
    samples.forEach(({ x, h1, h2 }, i) => {
      const common = new Float64Array(hidden);
      tasks.forEach((task) => {
        const weight = weights[task] ?? 0;
        const { slope, back } = asked[task]?.[i] ?? { slope: new Float64Array(), back: new Float64Array() };
        heads[task]?.collect(slope, h2, weight);
        back.forEach((value, j) => (common[j] = (common[j] ?? 0) + weight * value));
      });
      second.collect(common, h1, 1);
      const below = second.back(common).map((value, j) => ((h1[j] ?? 0) > 0 ? value : 0));
      first.collect(below, x, 1);
    });
    for (const layer of [first, second, ...heads]) layer.step();
  }
  const tests = Array.from({ length: 500 }, () => forward(normals(inputs, 1)).errors);
  return scales.map(
    (scale, task) => tests.reduce((sum, errors) => sum + squares(errors[task]), 0) / (tests.length * outputs * scale * scale),
  );
}

/** A dense layer with an Adam of its own; the last column of its weights is the bias. */
class Layer {
  readonly #inputs: number;
  readonly #outputs: number;
  readonly #weights: Float64Array;
  readonly #gradient: Float64Array;
  readonly #mean: Float64Array;
  readonly #square: Float64Array;
  #count = 0;

  constructor(from: number, to: number, stream: RandomStream) {
    this.#inputs = from;
    this.#outputs = to;
    const width = from + 1;
    this.#weights = Float64Array.from({ length: to * width }, (_, i) => (i % width === from ? 0 : Math.sqrt(2 / from) * stream.normal()));
    [this.#gradient, this.#mean, this.#square] = [0, 1, 2].map(() => new Float64Array(to * width)) as [
      Float64Array,
      Float64Array,
      Float64Array,
    ];
  }

  forward(x: Float64Array): Float64Array {
    const width = this.#inputs + 1;
    return Float64Array.from({ length: this.#outputs }, (_, row) => {
      let sum = this.#weights[row * width + this.#inputs] ?? 0;
      for (let j = 0; j < this.#inputs; j++) sum += (this.#weights[row * width + j] ?? 0) * (x[j] ?? 0);
      return sum;
    });
  }

  /** The slope by the inputs. */
  back(slope: Float64Array): Float64Array {
    const result = new Float64Array(this.#inputs);
    slope.forEach((value, row) => {
      for (let j = 0; j < this.#inputs; j++) result[j] = (result[j] ?? 0) + value * (this.#weights[row * (this.#inputs + 1) + j] ?? 0);
    });
    return result;
  }

  collect(slope: Float64Array, x: Float64Array, factor: number): void {
    add(this.#gradient, slope, x, factor);
  }

  gradientNorm(samples: readonly { readonly slope: Float64Array; readonly input: Float64Array | undefined }[]): number {
    const sum = new Float64Array(this.#gradient.length);
    for (const { slope, input } of samples) add(sum, slope, input ?? new Float64Array(), 1);
    return Math.sqrt(squares(sum));
  }

  step(): void {
    this.#count += 1;
    this.#gradient.forEach((value, i) => {
      const m = 0.9 * (this.#mean[i] ?? 0) + 0.1 * value;
      const v = 0.999 * (this.#square[i] ?? 0) + 0.001 * value * value;
      this.#mean[i] = m;
      this.#square[i] = v;
      const step = (1e-3 * (m / (1 - 0.9 ** this.#count))) / (Math.sqrt(v / (1 - 0.999 ** this.#count)) + 1e-8);
      this.#weights[i] = (this.#weights[i] ?? 0) - step;
    });
    this.#gradient.fill(0);
  }
}

/** Adds `factor · slope · [x, 1]ᵀ`. */
function add(sum: Float64Array, slope: Float64Array, x: Float64Array, factor: number): void {
  const width = x.length + 1;
  slope.forEach((value, row) => {
    for (let j = 0; j < width; j++) sum[row * width + j] = (sum[row * width + j] ?? 0) + factor * value * (x[j] ?? 1);
  });
}

function product(matrix: Float64Array, x: Float64Array, rows: number): Float64Array {
  return Float64Array.from({ length: rows }, (_, row) => x.reduce((sum, value, j) => sum + value * (matrix[row * x.length + j] ?? 0), 0));
}

function relu(values: Float64Array): Float64Array {
  return values.map((value) => Math.max(0, value));
}

function squares(values: Float64Array = new Float64Array()): number {
  return values.reduce((sum, value) => sum + value * value, 0);
}
