import { histogramBins, type OwnershipMap } from "../experiment/record.ts";
import type { MoveObserver } from "./optimizers/common-update.ts";
import { OwnershipMeter } from "./ownership-meter.ts";
import { countShares, type ShareCounts } from "./ownership-shares.ts";
import type { Precision, SharedStep } from "./shared-step.ts";
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
  /** Whether `attribute` can stand for `observe`. */
  readonly attributes: boolean;
  /** For each parameter, AU of each task of its reach. */
  readonly accumulated: readonly (readonly Float32Array[])[];
  /** Positions of the parameters that train now. */
  #attended: readonly number[];
  /** Step at which AU was last brought up to date. */
  lastStep = 0;
  #kept = 0;
  readonly #meters = new Map<Precision, OwnershipMeter>();
  /** Shares that were counted as AU was brought up to date, until they are told. */
  readonly #counted = new Map<number, readonly ShareCounts[]>();

  constructor(parameters: readonly TrainedParameter[], tasks: number, decay: number) {
    this.parameters = parameters;
    this.#tasks = tasks;
    this.#decay = decay;
    this.#attended = parameters.map((_, index) => index);
    this.attributes = OwnershipMeter.isPossible;
    this.accumulated = parameters.map(({ reach, size }) => reach.map(() => new Float32Array(size)));
  }

  /** From now on these parameters train, and `observe` counts among them. */
  attend(parameters: readonly TrainedParameter[]): void {
    this.#attended = parameters.map((parameter) => this.parameters.indexOf(parameter));
  }

  /** Opens the measurement of `step`, counted from 1; `observe` follows for every parameter that trains. */
  begin(step: number): void {
    this.#counted.clear();
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

  /**
   * As `observe`, of a step that is told of by its gradients; in double precision to the bit the same. Products that are asked for, as
   * `TakenIn` has them.
   */
  attribute(index: number, step: SharedStep): Float64Array {
    const all = this.#attended[index] ?? -1;
    const [parameter, accumulated] = [this.parameters[all], this.accumulated[all]];
    if (parameter === undefined || accumulated === undefined) throw new RangeError(`There is no common parameter ${index}.`);
    const meter = this.#meters.get(step.precision) ?? new OwnershipMeter(this.#tasks, step.precision);
    this.#meters.set(step.precision, meter);
    const { shares, products } = meter.takeIn(accumulated, parameter.reach, step, this.#kept);
    this.#counted.set(all, shares);
    return products;
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
    const measured = this.#ofTensors(this.#attended);
    this.#counted.clear();
    return measured;
  }

  /** The same with those that are frozen now. */
  measureAll(): Ownership {
    return this.#ofTensors(this.parameters.keys());
  }

  #ofTensors(indices: Iterable<number>): Ownership {
    const tensors = [...indices].flatMap((index) => {
      const parameter = this.parameters[index];
      return parameter === undefined
        ? []
        : [this.#ofTensor(parameter, this.#counted.get(index) ?? countShares(this.accumulated[index] ?? [], parameter.size))];
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

  #ofTensor(parameter: TrainedParameter, counted: readonly ShareCounts[]): TensorOwnership {
    const { reach, size } = parameter;
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

/** 1 ⁄ Σ AU for each element; infinite where nothing has moved. */
function inverseTotals(accumulated: readonly Float32Array[], size: number): Float64Array {
  const totals = new Float64Array(size);
  for (const au of accumulated) for (let e = 0; e < size; e++) totals[e] = (totals[e] ?? 0) + (au[e] ?? 0);
  for (let e = 0; e < size; e++) totals[e] = 1 / (totals[e] ?? 0);
  return totals;
}
