import type { Buffers } from "../../balancers/balancer.ts";

type Vectors = Readonly<Record<string, Float64Array>>;

/** Vectors that lie with a backend. They are read when one is first asked for, and are plain arrays from then on. */
export class LentVectors {
  /** They themselves, as the balancer remembers them. */
  readonly buffers: Buffers;
  #read: () => Vectors;
  #vectors: Vectors | undefined;

  constructor(names: readonly string[], read: () => Vectors) {
    this.#read = read;
    const lent = {};
    for (const name of names) Object.defineProperty(lent, name, { enumerable: true, get: () => this.#at(name) });
    this.buffers = lent;
  }

  /** Where they lie is given back soon. */
  bringBack(): void {
    this.#vectors ??= this.#read();
  }

  /** Where they lie is given back, and nobody needs them. */
  forget(): void {
    this.#read = () => {
      throw new RangeError("These vectors are of an earlier step, and are not kept any more.");
    };
  }

  #at(name: string): Float64Array | undefined {
    this.bringBack();
    return this.#vectors?.[name];
  }
}
