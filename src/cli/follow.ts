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
        if (isWorthTelling(event)) progress.note(`${event.kind} at step ${event.step}: ${event.message}`);
      }
      progress.update(run, reader);
      if (isEnded(run)) return run;
    }
    await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
  }
}

function isWorthTelling({ kind }: RecordedEvent): boolean {
  return kind === "warning" || kind === "non-finite";
}
