import type { StepPart, StepTime } from "../../experiment/step-explanation.ts";

/** Divides the time of a step among its parts. Where one part calls another, the time of the other is not its own. */
export class PartClock {
  readonly #ms = new Map<StepPart, number>();
  readonly #open: StepPart[] = [];
  #since = 0;

  /** A step begins; all is `rest` until a part says otherwise. */
  begin(): void {
    this.#ms.clear();
    this.#open.splice(0, this.#open.length, "rest");
    this.#since = performance.now();
  }

  end(): StepTime {
    this.#turn();
    this.#open.length = 0;
    return { ms: [...this.#ms.values()].reduce((sum, ms) => sum + ms, 0), parts: partsOf((part) => this.#ms.get(part) ?? 0) };
  }

  during<T>(part: StepPart, work: () => T): T {
    this.#turn();
    this.#open.push(part);
    const leave = (): void => {
      this.#turn();
      this.#open.pop();
    };
    let value: T;
    try {
      value = work();
    } catch (error) {
      leave();
      throw error;
    }
    // Nothing else goes on while a step waits for its rows.
    if (value instanceof Promise) value.then(leave, leave);
    else leave();
    return value;
  }

  /** What went by since the last turn belongs to the part that is open. */
  #turn(): void {
    const now = performance.now();
    const part = this.#open.at(-1);
    if (part !== undefined) this.#ms.set(part, (this.#ms.get(part) ?? 0) + now - this.#since);
    this.#since = now;
  }
}

export function partsOf(ms: (part: StepPart) => number): StepTime["parts"] {
  return {
    data: ms("data"),
    forward: ms("forward"),
    wayBack: ms("wayBack"),
    balancing: ms("balancing"),
    optimizer: ms("optimizer"),
    rest: ms("rest"),
  };
}
