import { setImmediate } from "node:timers/promises";
import type { Control } from "./recorder.ts";

/** Time in which a training can end by itself between two steps, with a checkpoint. */
const grace = { ms: 5000 } as const;

/** What is thrown outside of every call of ours: by a timer, or by a promise that nobody awaits. It ends a training like what its steps throw. */
export class StrayErrors {
  #first: { readonly error: unknown } | undefined;
  #timer: NodeJS.Timeout | undefined;
  #giveUp: (error: unknown) => void = () => undefined;
  /** Rejects with the first error when nothing else has ended the training for it: it may wait for what the error has broken. */
  readonly late = new Promise<never>((_, reject) => {
    this.#giveUp = reject;
  });
  /** By what the errors are replaced: those of the user's code get a place. */
  blame: (error: unknown) => unknown = (error) => error;

  constructor() {
    process.on("uncaughtException", this.#take);
    process.on("unhandledRejection", this.#take);
    // Where nobody races against it, the error has been thrown by `throwFirst`.
    this.late.catch(() => undefined);
  }

  /** The control of a training that throws such an error before the next step. */
  watching(control: Control): Control {
    return {
      stopRequested: () => {
        this.throwFirst();
        return control.stopRequested();
      },
      takeCheckpointRequest: () => control.takeCheckpointRequest(),
    };
  }

  /** Throws what was thrown so far, also what the system has still to tell. */
  async settle(): Promise<void> {
    await setImmediate();
    this.throwFirst();
  }

  throwFirst(): void {
    if (this.#first !== undefined) throw this.blame(this.#first.error);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    process.off("uncaughtException", this.#take);
    process.off("unhandledRejection", this.#take);
  }

  readonly #take = (error: unknown): void => {
    if (this.#first !== undefined) return;
    this.#first = { error };
    this.#timer = setTimeout(() => this.#giveUp(this.blame(error)), grace.ms);
  };
}
