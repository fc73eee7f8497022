import { RandomStream } from "../balancers/kernels/random-stream.ts";

/**
 * Named random streams under one seed. Each draws from its own generator, so that adding a draw to one never moves
 * another, and a checkpoint can hold them all.
 */
export class RandomStreams {
  readonly #seed: number;
  readonly #streams = new Map<string, RandomStream>();

  constructor(seed: number) {
    this.#seed = seed;
  }

  /** The stream of this name; the same object every time. */
  get(name: string): RandomStream {
    let stream = this.#streams.get(name);
    if (stream === undefined) {
      stream = RandomStream.seeded(this.#seed, name);
      this.#streams.set(name, stream);
    }
    return stream;
  }

  /** State of every stream used so far, as plain data. */
  save(): Record<string, readonly number[]> {
    return Object.fromEntries([...this.#streams].map(([name, stream]) => [name, stream.save()]));
  }

  restore(states: Readonly<Record<string, readonly number[]>>): void {
    for (const [name, state] of Object.entries(states)) this.get(name).restore(state);
  }
}
