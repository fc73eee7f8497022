import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runFiles } from "../../../src/runs/contract.ts";
import { createRun, runsFolderOf } from "../../../src/runs/run-folder.ts";
import { createStore } from "../../../src/runs/store/create-store.ts";

/** A workspace folder that goes with the test. */
export class TemporaryWorkspace {
  readonly root = mkdtempSync(join(tmpdir(), "taskscope-runs-"));

  [Symbol.dispose](): void {
    rmSync(this.root, { recursive: true, force: true });
  }

  /** A store alone, in a folder of its own: quick to make. */
  bareRun(id = "20260101-000000-000-trial"): string {
    const folder = join(runsFolderOf(this.root), id);
    mkdirSync(folder, { recursive: true });
    createStore(join(folder, runFiles.store), {
      id,
      name: "trial",
      experimentFile: join(this.root, "trial.mtl.yaml"),
      balancer: "equal",
      seed: 7,
      createdAt: Date.now(),
      git: null,
      versions: { taskscope: "0" },
      environment: {},
      overrides: [],
    });
    return folder;
  }

  /** A new run in status `queued`, made as the command line makes it. */
  async run(name = "trial", now = Date.now()): Promise<string> {
    const order = {
      experimentFile: join(this.root, `${name}.mtl.yaml`),
      config: `name: ${name}\n`,
      name,
      balancer: "equal",
      seed: 7,
      overrides: [],
      version: "0",
    };
    return (await createRun(this.root, order, now)).folder;
  }
}
