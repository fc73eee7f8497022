import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { OperationWatch } from "../passes/recordings.ts";
import { areSame } from "./habits.ts";
import type { PassRun } from "./pass-run.ts";
import { fedAs } from "./recorded-pass.ts";
import { replay } from "./replay.ts";
import type { ReplayPlan, ReplayState } from "./replay-plan.ts";

/** Who has the places of a recording: one pass at a time. */
export interface ReplayHolder {
  current: ReplayedRun | undefined;
}

/** One pass through a recording, as far as it was asked for. */
export class ReplayedRun implements PassRun {
  readonly #plan: ReplayPlan;
  readonly #holder: ReplayHolder;
  readonly #numbers = new Map<string, Float32Array>();
  readonly #held = new Map<string, number>();
  #state: ReplayState;
  #weights: readonly number[] | undefined;
  #ones: readonly string[] = [];
  /** What it was fed with, while another has the places. */
  #fed: ReadonlyMap<string, Uint8Array> | undefined;

  /** Takes over the places. */
  constructor(plan: ReplayPlan, holder: ReplayHolder, tensors: ReadonlyMap<string, TensorInfo>, noise: readonly Float32Array[]) {
    this.#plan = plan;
    this.#holder = holder;
    this.#hold();
    plan.tidy();
    this.#state = plan.start();
    const { heap } = plan.memory;
    for (const [name, tensor] of tensors) {
      const place = plan.fixed.get(`${name}:0`);
      if (place === undefined) continue;
      const from = heap.address(tensor);
      heap.bytes().copyWithin(place.address, from, from + place.bytes);
    }
    noise.forEach((values, index) => {
      this.#feed(fedAs.noise(index), values);
    });
  }

  has(name: string): boolean {
    return this.#numbers.has(name) || this.held(name) !== undefined;
  }

  get weights(): readonly number[] | undefined {
    return this.#weights;
  }

  weigh(weights: readonly number[], summed: Iterable<string>): void {
    if (areSame(weights, this.#weights)) return;
    this.#takeOver();
    this.#weights = weights;
    this.#ones = weights.flatMap((weight, position) => (weight === 1 ? fedAs.weight(position) : []));
    for (const name of summed) {
      this.#numbers.delete(name);
      this.#held.delete(name);
    }
    weights.forEach((weight, position) => {
      this.#feed(fedAs.weight(position), Float32Array.of(weight));
    });
  }

  compute(
    names: readonly string[],
    { held = [], watch }: { readonly held?: readonly string[]; readonly watch?: OperationWatch } = {},
  ): void {
    this.#takeOver();
    const segment = this.#plan.segment(this.#state, { names: [...new Set(names)], held, ones: this.#ones });
    // Where a kernel fails half-way, what was there before may have been written over.
    this.#state = this.#plan.start();
    replay(this.#plan, segment, this.#numbers, watch);
    this.#state = segment.after;
    for (const [name, address] of segment.held) this.#held.set(name, address);
  }

  /** Its byte address, until another pass of the recording begins. */
  held(name: string): number | undefined {
    return this.#holder.current === this ? this.#held.get(name) : undefined;
  }

  values(name: string): Float32Array {
    const values = this.#numbers.get(name) ?? this.#readHeld(name);
    if (values === undefined) throw new RangeError(`A recording was not asked for ${name}.`);
    return values;
  }

  number(name: string): number {
    return this.values(name)[0] ?? Number.NaN;
  }

  #readHeld(name: string): Float32Array | undefined {
    const held = this.held(name);
    if (held === undefined) return undefined;
    const { address, count } = this.#plan.readingAt(name, held);
    const values = this.#plan.memory.heap.floats().slice(address / 4, address / 4 + count);
    this.#numbers.set(name, values);
    return values;
  }

  /** It will not be asked for more. */
  end(): void {
    if (this.#holder.current === this) this.#holder.current = undefined;
  }

  #feed(name: string, values: Float32Array): void {
    const place = this.#plan.fixed.get(`${name}:0`);
    if (place !== undefined) this.#plan.memory.heap.floats().set(values, place.address / 4);
  }

  #hold(): void {
    const { current } = this.#holder;
    if (current !== undefined) current.#keepFed();
    this.#holder.current = this;
  }

  #keepFed(): void {
    const { heap } = this.#plan.memory;
    this.#fed = new Map([...this.#plan.fixed].map(([name, { address, bytes }]) => [name, heap.bytes().slice(address, address + bytes)]));
  }

  /** From the beginning, with what it was fed with. */
  #takeOver(): void {
    if (this.#holder.current === this) return;
    this.#hold();
    this.#held.clear();
    this.#state = this.#plan.start();
    const bytes = this.#plan.memory.heap.bytes();
    for (const [name, values] of this.#fed ?? []) bytes.set(values, this.#plan.fixed.get(name)?.address ?? 0);
    this.#fed = undefined;
  }
}
