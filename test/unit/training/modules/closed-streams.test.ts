import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { ListRecorder } from "../synthetic.ts";
import { OwnCode } from "./own-code.ts";

/** Rows of a stream that writes down when an epoch of the training begins and when it has ended, and fails where it is told to. */
const source = `import { appendFileSync } from "node:fs";
import { defineData } from "taskscope";
export default defineData(({ options }) => {
  const note = (what: string, epoch: number) => epoch > 0 && appendFileSync(String(options["log"]), what + " " + epoch + "; ");
  const row = (i: number) => ({ rows: 1, inputs: { x: [i, 1 - i] }, targets: { kind: [i % 2], size: [i] } });
  const rows = { rows: 2, inputs: { x: [0, 1, 1, 0] }, targets: { kind: [0, 1], size: [0, 1] } };
  return {
    inputs: [{ name: "x", shape: [2] }],
    tasks: { kind: { classes: 2 }, size: { scale: { mean: 0, deviation: 1 } } },
    splits: {
      train: {
        rows: 6,
        async *batches({ epoch }) {
          note("open", epoch);
          try {
            for (let i = 0; i < 6; i++) {
              if (options["fault"] === "rows" && i === 3) throw new Error("torn");
              yield row(options["fault"] === "step" && i === 3 ? 9e29 : i);
            }
          } finally {
            note("close", epoch);
            if (options["fault"] === "end") throw new Error("no end");
          }
        },
      },
      validation: rows,
      test: rows,
    },
  };
});
`;

class Streamed {
  readonly #own = new OwnCode({ "data.ts": source });
  readonly #log = join(this.#own.folder, "log");
  recorder: ListRecorder | undefined;

  /** What was written down. */
  get told(): string {
    return existsSync(this.#log) ? readFileSync(this.#log, "utf8").trim() : "";
  }

  async train(fault: string, until?: number, training: object = {}, balancer = "equal"): Promise<void> {
    const changes = {
      data: { module: "./data.ts", options: { log: this.#log, fault } },
      model: { trunk: [{ dense: { units: 3 } }] },
      training: { epochs: 2, batchSize: 2, backend: "wasm", onNonFinite: "throw", ...training },
      balancer,
    };
    const { recorder } = await this.#own.train("run", { changes, ...(until === undefined ? {} : { until }) });
    this.recorder = recorder;
  }
}

describe("an epoch of own rows is closed", () => {
  test("where it ends", async () => {
    const streamed = new Streamed();
    await streamed.train("none");
    expect(streamed.told).toBe("open 1; close 1; open 2; close 2;");
  });

  test("where the training is stopped within it", async () => {
    const streamed = new Streamed();
    await streamed.train("none", 4);
    expect(streamed.told).toBe("open 1; close 1; open 2; close 2;");
  });

  test("where the training ends within it", async () => {
    const streamed = new Streamed();
    await streamed.train("none", undefined, { phases: [{ name: "short", until: { steps: 2 } }] });
    expect(streamed.told).toBe("open 1; close 1;");
  });

  test.each(["step", "rows"])("where a fault of the %s ends the training", async (fault) => {
    const streamed = new Streamed();
    await expect(streamed.train(fault)).rejects.toThrow(fault === "step" ? "not finite" : "torn");
    expect(streamed.told).toBe("open 1; close 1;");
  });

  test("for each of several draws, also where one cannot be closed, which is told", async () => {
    const streamed = new Streamed();
    await streamed.train("end", 1, {}, "modo");
    expect(streamed.told).toBe("open 1; open 1; open 1; close 1; close 1; close 1;");
    const [warning] = streamed.recorder?.events.filter(({ kind }) => kind === "warning") ?? [];
    expect(warning).toMatchObject({
      step: 1,
      message: expect.stringMatching(/^The rows could not be closed: data\.ts:22:\d+ Error: no end/) as string,
    });
  });
});
