import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { Experiment } from "../../../../src/experiment/schema.ts";
import { RandomStreams } from "../../../../src/training/random-streams.ts";
import { train, type TrainingEnd } from "../../../../src/training/train.ts";
import { ListRecorder, neverStop, syntheticExperiment } from "../synthetic.ts";

/** A folder with a table of four numbers, a class and a value, in which experiments with modules are trained. */
export class OwnCode {
  readonly folder = mkdtempSync(join(tmpdir(), "taskscope-own-code-"));

  constructor(files: Readonly<Record<string, string>> = {}) {
    onTestFinished(() => rmSync(this.folder, { recursive: true, force: true }));
    const stream = new RandomStreams(2).get("rows");
    const rows = Array.from({ length: 90 }, (_, i) => {
      const [a, b, c, d] = [stream.normal(), stream.normal(), stream.normal(), stream.normal()];
      return [a, b, c, d, a > b ? "left" : "right", i % 7 === 0 ? "" : 50 + 10 * (a + c)].join(",");
    });
    this.write("synthetic.csv", ["a,b,c,d,kind,size", ...rows].join("\n"));
    for (const [name, text] of Object.entries(files)) this.write(name, text);
  }

  write(name: string, text: string): void {
    writeFileSync(join(this.folder, name), text);
  }

  experiment(changes: Readonly<Record<string, unknown>> = {}): Experiment {
    return syntheticExperiment({ model: { module: "./model.ts" }, training: { epochs: 4, batchSize: 16, backend: "wasm" }, ...changes });
  }

  /** Trains in a run folder of that name; stops after `until` steps, goes on from `resume`. */
  async train(
    run: string,
    { changes, until, resume }: { changes?: Readonly<Record<string, unknown>>; until?: number; resume?: number } = {},
  ): Promise<{ readonly recorder: ListRecorder; readonly end: TrainingEnd }> {
    const recorder = new ListRecorder();
    const checkpointFolder = join(this.folder, run, "checkpoints");
    cpSync(join(this.folder, "synthetic.csv"), join(this.folder, run, "synthetic.csv"));
    const control = until === undefined ? neverStop : { ...neverStop, stopRequested: () => recorder.steps === until };
    const end = await train(
      {
        experiment: this.experiment(changes),
        baseFolder: this.folder,
        checkpointFolder,
        ...(resume === undefined ? {} : { resumeFrom: join(checkpointFolder, `step-${resume}`) }),
      },
      recorder,
      control,
    );
    return { recorder, end };
  }

  /** Trains, and answers why that failed. */
  async failure(changes: Readonly<Record<string, unknown>> = {}): Promise<string> {
    try {
      await this.train("failing", { changes });
    } catch (error) {
      return error instanceof Error ? `${error.constructor.name} ${error.message}` : String(error);
    }
    return "nothing";
  }
}

/** A module whose function has this body. */
export function modelOf(body: string, before = ""): string {
  return `import { defineModel } from "taskscope";\nimport * as tf from "@tensorflow/tfjs";\n${before}export default defineModel((context) => {\n${body}\n});\n`;
}
