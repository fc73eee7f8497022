import type { RunSummary } from "../runs/contract.ts";

/** A row of the tree that stands for a run. */
export interface RunNode {
  readonly kind: "run";
  readonly run: RunSummary;
}

interface Kept {
  readonly node: { readonly kind: "run"; run: RunSummary };
  looks: string;
}

/** The rows of all runs, each the same object for as long as its run is there: the workbench refreshes a row by its object. */
export class RunRows {
  #kept = new Map<string, Kept>();

  /** The row of a run, which shows the run as it is from now on. */
  of(run: RunSummary): RunNode {
    const kept = this.#kept.get(run.folder) ?? { node: { kind: "run", run }, looks: looksOf(run) };
    kept.node.run = run;
    kept.looks = looksOf(run);
    this.#kept.set(run.folder, kept);
    return kept.node;
  }

  /** Takes over what is known now. The rows that look different, or undefined where runs came, went or moved. */
  update(runs: readonly RunSummary[]): RunNode[] | undefined {
    const before = this.#kept;
    const same = runs.length === before.size && runs.every((run) => samePlace(before.get(run.folder)?.node.run, run));
    const changed = new Set(runs.filter((run) => before.get(run.folder)?.looks !== looksOf(run)));
    this.#kept = new Map();
    for (const run of runs) {
      const kept = before.get(run.folder);
      if (kept !== undefined) this.#kept.set(run.folder, kept);
    }
    const rows = runs.map((run) => this.of(run));
    return same ? rows.filter(({ run }) => changed.has(run)) : undefined;
  }
}

function samePlace(known: RunSummary | undefined, run: RunSummary): boolean {
  return known?.experimentFile === run.experimentFile;
}

/** All that a row says. A sign of life is not shown. */
function looksOf({ heartbeatAt: _heartbeat, ...run }: RunSummary): string {
  return JSON.stringify(run);
}
