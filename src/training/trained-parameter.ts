import { tensor, type Tensor } from "@tensorflow/tfjs-core";
import type { ModelParameter } from "./model/model.ts";

/**
 * A parameter with its reach and its values at hand. Updates are computed on plain arrays: on one processor that is faster
 * than a dozen tensor operations, exact in its rounding, and the same on every backend.
 */
export class TrainedParameter {
  readonly parameter: ModelParameter;
  /** Positions of the tasks that reach it, increasing. */
  readonly reach: readonly number[];
  readonly size: number;
  // Two buffers, because a backend may go on reading the array a tensor was made from.
  #current: Float32Array;
  #next: Float32Array;
  /** The variable has moved on, and `#current` is what it was. */
  #isStale = false;
  #version = 0;

  constructor(parameter: ModelParameter, reach: readonly number[]) {
    this.parameter = parameter;
    this.reach = reach;
    this.size = parameter.variable.size;
    this.#current = parameter.variable.dataSync<"float32">().slice();
    this.#next = new Float32Array(this.size);
  }

  get name(): string {
    return this.parameter.name;
  }

  get id(): number {
    return this.parameter.variable.id;
  }

  get values(): Float32Array {
    if (this.#isStale) this.#current.set(this.parameter.variable.dataSync<"float32">());
    this.#isStale = false;
    return this.#current;
  }

  /** Another number after every change. */
  get version(): number {
    return this.#version;
  }

  /** Takes over what the backend has made of it. */
  adopt(fresh: Tensor): void {
    this.parameter.variable.assign(fresh);
    this.#isStale = true;
    this.#version += 1;
  }

  /** θ ← `kept` θ − update. */
  move(update: Float32Array, kept: number): void {
    const before = this.values;
    const after = this.#next;
    for (let i = 0; i < after.length; i++) after[i] = kept * (before[i] ?? 0) - (update[i] ?? 0);
    this.#swap();
  }

  set(values: Float32Array): void {
    if (values.length !== this.size) throw new RangeError(`${this.name} has ${this.size} values, not ${values.length}.`);
    this.#next.set(values);
    this.#swap();
  }

  #swap(): void {
    [this.#current, this.#next] = [this.#next, this.#current];
    this.#isStale = false;
    this.#version += 1;
    const { variable } = this.parameter;
    const fresh = tensor(this.#current, variable.shape, "float32");
    // Assigning, not writing in place: the wasm backend keeps packed copies of weights by tensor.
    variable.assign(fresh);
    fresh.dispose();
  }
}
