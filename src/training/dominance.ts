import { dominanceThreshold, histogramBins, type OwnershipMap } from "../experiment/record.ts";
import type { MoveObserver } from "./optimizers/common-update.ts";
import type { TrainedParameter } from "./trained-parameter.ts";

/** What is recorded of one tensor. One entry a task of its reach. */
export interface TensorOwnership {
  readonly parameter: TrainedParameter;
  /** Mean rAU over the elements; sums to 1. */
  readonly mean: readonly number[];
  /** Share of the elements whose rAU exceeds `dominanceThreshold`. */
  readonly dominated: readonly number[];
  /** Counts of elements by rAU, `tasks × histogramBins` over all tasks of the run; tasks out of reach have none. */
  readonly histogram: Float32Array;
}

/** The same over all common elements; one entry a task of the run. */
export interface TrunkOwnership {
  readonly mean: readonly number[];
  readonly dominated: readonly number[];
}

export interface Ownership {
  readonly tensors: readonly TensorOwnership[];
  readonly trunk: TrunkOwnership;
}

/**
 * Accumulated updates (AU) of each task on each element of the common parameters, after AdaTask (Yang et al., AAAI 2023):
 *
 *   AU_i ← γⁿ AU_i + (1 − γⁿ) Δ_i²,   rAU_i = AU_i / Σ_j AU_j   (1 / tasks where the sum is 0)
 *
 * where Δ_i is the step that task i made the element take, and n the number of steps since AU was last brought up to date:
 * it is measured at tracked steps only, so each measurement stands for the n steps before it. A task that is absent from a
 * measured step moved nothing (Δ_i = 0). Sums run over the tasks in reach. Parameters that are frozen in a phase are not attended to:
 * nothing moves them, and nothing is told of them until they train again.
 */
export class Dominance implements MoveObserver {
  /** All that ever train. */
  readonly parameters: readonly TrainedParameter[];
  readonly #tasks: number;
  readonly #decay: number;
  /** For each parameter, AU of each task of its reach. */
  readonly accumulated: readonly (readonly Float32Array[])[];
  /** Positions of the parameters that train now. */
  #attended: readonly number[];
  /** Step at which AU was last brought up to date. */
  lastStep = 0;
  #kept = 0;

  constructor(parameters: readonly TrainedParameter[], tasks: number, decay: number) {
    this.parameters = parameters;
    this.#tasks = tasks;
    this.#decay = decay;
    this.#attended = parameters.map((_, index) => index);
    this.accumulated = parameters.map(({ reach, size }) => reach.map(() => new Float32Array(size)));
  }

  /** From now on these parameters train, and `observe` counts among them. */
  attend(parameters: readonly TrainedParameter[]): void {
    this.#attended = parameters.map((parameter) => this.parameters.indexOf(parameter));
  }

  /** Opens the measurement of `step`, counted from 1; `observe` follows for every parameter that trains. */
  begin(step: number): void {
    this.#kept = this.#decay ** (step - this.lastStep);
    this.lastStep = step;
    this.parameters.forEach(({ reach }, index) => {
      if (!this.#attended.includes(index)) this.#add(index, reach.map(() => undefined)); // prettier-ignore
    });
  }

  /** `updates` has one entry a task of the parameter's reach, undefined for an absent one. */
  observe(index: number, updates: readonly (Float32Array | undefined)[]): void {
    this.#add(this.#attended[index] ?? -1, updates);
  }

  #add(index: number, updates: readonly (Float32Array | undefined)[]): void {
    const kept = this.#kept;
    const fresh = 1 - kept;
    this.accumulated[index]?.forEach((au, position) => {
      const update = updates[position];
      if (update === undefined) {
        for (let e = 0; e < au.length; e++) au[e] = kept * (au[e] ?? 0);
        return;
      }
      for (let e = 0; e < au.length; e++) {
        const moved = update[e] ?? 0;
        au[e] = kept * (au[e] ?? 0) + fresh * moved * moved;
      }
    });
  }

  /** Ownership of every common tensor that trains as of now, and of all of them together. */
  measure(): Ownership {
    return this.#ofTensors(this.#attended);
  }

  /** The same with those that are frozen now. */
  measureAll(): Ownership {
    return this.#ofTensors(this.parameters.keys());
  }

  #ofTensors(indices: Iterable<number>): Ownership {
    const tensors = [...indices].flatMap((index) => {
      const parameter = this.parameters[index];
      return parameter === undefined ? [] : [this.#ofTensor(parameter, this.accumulated[index] ?? [])];
    });
    const elements = tensors.reduce((sum, { parameter }) => sum + parameter.size, 0);
    const mean = new Array<number>(this.#tasks).fill(0);
    const dominated = new Array<number>(this.#tasks).fill(0);
    for (const tensor of tensors) {
      tensor.parameter.reach.forEach((task, position) => {
        const share = tensor.parameter.size / elements;
        mean[task] = (mean[task] ?? 0) + share * (tensor.mean[position] ?? 0);
        dominated[task] = (dominated[task] ?? 0) + share * (tensor.dominated[position] ?? 0);
      });
    }
    return { tensors, trunk: { mean, dominated } };
  }

  /** rAU of every element that trains as bytes, for every task of the run. */
  maps(): readonly OwnershipMap[] {
    return this.#attended.flatMap((index) => {
      const parameter = this.parameters[index];
      if (parameter === undefined) return [];
      const { name, reach, size } = parameter;
      const accumulated = this.accumulated[index] ?? [];
      const shares = new Uint8Array(this.#tasks * size);
      const inverse = inverseTotals(accumulated, size);
      const even = 1 / reach.length;
      accumulated.forEach((au, position) => {
        const first = (reach[position] ?? 0) * size;
        for (let e = 0; e < size; e++) {
          const factor = inverse[e] ?? 0;
          shares[first + e] = Math.round(255 * (factor < Infinity ? (au[e] ?? 0) * factor : even));
        }
      });
      return [{ parameter: name, shares }];
    });
  }

  #ofTensor(parameter: TrainedParameter, accumulated: readonly Float32Array[]): TensorOwnership {
    const { reach, size } = parameter;
    const counted = countShares(accumulated, size);
    const histogram = new Float32Array(this.#tasks * histogramBins);
    counted.forEach(({ counts }, position) => histogram.set(counts, (reach[position] ?? 0) * histogramBins));
    return {
      parameter,
      mean: counted.map(({ sum }) => sum / size),
      dominated: counted.map(({ above }) => above / size),
      histogram,
    };
  }
}

/** Elements that are looked at at a time: what is computed of them stays in the processor's nearest memory. */
const stretch = 1024;

/** Of each task: the sum of its rAU, how many are above the threshold, and how many are in each bin. */
function countShares(accumulated: readonly Float32Array[], size: number): readonly { sum: number; above: number; counts: Int32Array }[] {
  // One bin more, for a share of 1.
  const counted = accumulated.map(() => ({ sum: 0, above: 0, counts: new Int32Array(histogramBins + 1) }));
  const inverse = new Float64Array(Math.min(stretch, size));
  let idle = 0;
  for (let start = 0; start < size; start += stretch) {
    const length = Math.min(stretch, size - start);
    inverse.fill(0);
    for (const au of accumulated) for (let e = 0; e < length; e++) inverse[e] = (inverse[e] ?? 0) + (au[start + e] ?? 0);
    for (let e = 0; e < length; e++) {
      const total = inverse[e] ?? 0;
      if (total === 0) idle += 1;
      inverse[e] = total > 0 ? 1 / total : 0;
    }
    accumulated.forEach((au, position) => {
      const own = counted[position];
      if (own === undefined) return;
      const { counts } = own;
      let [sum, above] = [0, 0];
      for (let e = 0; e < length; e++) {
        const share = (au[start + e] ?? 0) * (inverse[e] ?? 0);
        sum += share;
        above += share > dominanceThreshold ? 1 : 0;
        const bin = (share * histogramBins) | 0;
        counts[bin] = (counts[bin] ?? 0) + 1;
      }
      own.sum += sum;
      own.above += above;
    });
  }
  // What nothing has moved was counted as nobody's.
  const even = 1 / accumulated.length;
  const evenBin = Math.min(histogramBins - 1, Math.trunc(even * histogramBins));
  return counted.map(({ sum, above, counts }) => {
    counts[0] = (counts[0] ?? 0) - idle;
    counts[evenBin] = (counts[evenBin] ?? 0) + idle;
    counts[histogramBins - 1] = (counts[histogramBins - 1] ?? 0) + (counts[histogramBins] ?? 0);
    return { sum: sum + idle * even, above: above + (even > dominanceThreshold ? idle : 0), counts: counts.subarray(0, histogramBins) };
  });
}

/** 1 ⁄ Σ AU for each element; infinite where nothing has moved. */
function inverseTotals(accumulated: readonly Float32Array[], size: number): Float64Array {
  const totals = new Float64Array(size);
  for (const au of accumulated) for (let e = 0; e < size; e++) totals[e] = (totals[e] ?? 0) + (au[e] ?? 0);
  for (let e = 0; e < size; e++) totals[e] = 1 / (totals[e] ?? 0);
  return totals;
}
