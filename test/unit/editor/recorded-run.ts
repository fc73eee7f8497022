import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RunSummary } from "../../../src/runs/contract.ts";
import { createStore } from "../../../src/runs/store/create-store.ts";
import { RunReader } from "../../../src/runs/store/run-reader.ts";
import { RunWriter } from "../../../src/runs/store/run-writer.ts";

/** A run folder on disk that a test records into, as the trainer does. */
export class RecordedRun {
  readonly id: string;
  readonly folder: string;
  readonly writer: RunWriter;
  readonly #root = mkdtempSync(join(tmpdir(), "taskscope-session-"));

  constructor(id: string) {
    this.id = id;
    this.folder = join(this.#root, ".taskscope/runs", id);
    mkdirSync(this.folder, { recursive: true });
    createStore(join(this.folder, "run.sqlite"), {
      id,
      name: "penguins",
      experimentFile: "/ws/penguins.mtl.yaml",
      balancer: "equal",
      seed: 0,
      createdAt: Date.now(),
      git: null,
      versions: {},
      environment: {},
      overrides: [],
    });
    this.writer = RunWriter.open(this.folder);
  }

  /** One value at each step of `[from, to)`, and all of it on disk. */
  record(series: string, from: number, to: number): void {
    for (let step = from; step < to; step++) this.writer.scalar(series, step, 1 / (1 + step));
    this.writer.commit(Date.now());
  }

  summary(): RunSummary {
    const reader = RunReader.open(this.folder);
    try {
      return reader.summary();
    } finally {
      reader.close();
    }
  }

  dispose(): void {
    this.writer.close();
    rmSync(this.#root, { recursive: true });
  }
}
