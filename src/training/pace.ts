import { setImmediate } from "node:timers/promises";

/** Lets the process see to its other duties (heartbeats, stop requests) now and then during a long computation. */
export class Pace {
  readonly #every: number;
  #last = performance.now();

  /** `every` in milliseconds. */
  constructor(every = 50) {
    this.#every = every;
  }

  async breathe(): Promise<void> {
    if (performance.now() - this.#last < this.#every) return;
    await setImmediate();
    this.#last = performance.now();
  }
}
