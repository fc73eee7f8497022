import type { RecordedEvent, RunSummary } from "../runs/contract.ts";
import { isEnded } from "../runs/registry.ts";
import { RunReader } from "../runs/store/run-reader.ts";
import type { Progress } from "./progress.ts";

/** How often the store is looked at; looking costs microseconds while nothing is new. */
const lookEveryMs = 100;
/** Evidence of a trainer's death is not in the store: the status is looked at even when nothing is recorded. */
const evidenceEveryMs = 1_000;

/** Follows a run to its end through its store, like any other reader. */
export async function follow(folder: string, progress: Progress): Promise<RunSummary> {
  using reader = RunReader.open(folder);
  let token: number | undefined;
  let looked = -Infinity;
  let seen = 0;
  const repeats = new Repeats((text) => progress.note(text));
  for (;;) {
    const next = reader.changeToken();
    const now = performance.now();
    if (next !== token || now - looked >= evidenceEveryMs) {
      token = next;
      looked = now;
      const run = reader.summary();
      for (const event of reader.events(seen)) {
        seen = event.id;
        if (event.kind === "note") progress.note(event.message);
        else if (isWorthTelling(event)) repeats.tell(event);
      }
      progress.update(run, reader);
      if (isEnded(run)) {
        repeats.end();
        return run;
      }
    }
    await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
  }
}

function isWorthTelling({ kind }: RecordedEvent): boolean {
  return kind === "warning" || kind === "non-finite";
}

/** Says an event once and counts those like it that follow, so that a row of skipped steps does not hide what is said after it. */
export class Repeats {
  readonly #note: (text: string) => void;
  #said: string | undefined;
  #more = 0;
  #lastStep = 0;

  constructor(note: (text: string) => void) {
    this.#note = note;
  }

  tell({ kind, step, message }: Pick<RecordedEvent, "kind" | "step" | "message">): void {
    const text = `${kind}: ${message}`;
    if (text === this.#said) {
      this.#more += 1;
      this.#lastStep = step;
      return;
    }
    this.end();
    this.#said = text;
    this.#note(`${kind} at step ${step}: ${message}`);
  }

  /** Tells how often the last was repeated. */
  end(): void {
    if (this.#more > 0)
      this.#note(`The same ${this.#more} more ${this.#more === 1 ? "time" : "times"}, the last at step ${this.#lastStep}.`);
    this.#more = 0;
    this.#said = undefined;
  }
}
