import { expect, test } from "vitest";
import { exportedSeries, exportRun } from "../../../src/runs/export.ts";
import { RunReader } from "../../../src/runs/store/run-reader.ts";
import { RunWriter } from "../../../src/runs/store/run-writer.ts";
import { TemporaryWorkspace } from "./temporary-run.ts";

function withRun(action: (reader: RunReader) => void): void {
  using workspace = new TemporaryWorkspace();
  const folder = workspace.bareRun();
  const writer = RunWriter.open(folder);
  for (let step = 0; step < 3000; step++) writer.scalar("loss/a", step, step / 3);
  [NaN, Infinity, -Infinity, 1e-300].forEach((value, step) => writer.scalar("weight/a", step, value));
  writer.vector("dominance-histogram/d.kernel", 5, Float32Array.of(1, 2.5, 3));
  writer.scalar("dominance/d.kernel/a", 5, 0.5);
  writer.snapshot(5, 1, { parameter: "d.kernel", shares: Uint8Array.of(0, 127, 255) });
  writer.event({ kind: "best", step: 5, at: 1, message: "so" });
  writer.commit(0);
  writer.close();
  using reader = RunReader.open(folder);
  action(reader);
}

test("csv holds every number, as it was recorded", () => {
  withRun((reader) => {
    const lines = [...exportRun(reader, "csv")].join("").trimEnd().split("\n");
    expect(lines[0]).toBe("series,step,index,value");
    expect(lines.length).toBe(1 + 3000 + 4 + 3 + 1);
    const losses = lines.filter((line) => line.startsWith("loss/a,")).map((line) => Number(line.split(",")[3]));
    expect(losses).toEqual(Array.from({ length: 3000 }, (_, step) => step / 3));
    expect(lines.filter((line) => line.startsWith("weight/a"))).toEqual([
      "weight/a,0,,NaN",
      "weight/a,1,,Infinity",
      "weight/a,2,,-Infinity",
      "weight/a,3,,1e-300",
    ]);
    expect(lines.filter((line) => line.startsWith("dominance-h"))).toEqual(
      [0, 1, 2].map((i) => `dominance-histogram/d.kernel,5,${i},${[1, 2.5, 3][i]}`),
    );
  });
});

test("json is one document with everything in it", () => {
  withRun((reader) => {
    const document: unknown = JSON.parse([...exportRun(reader, "json")].join(""));
    expect(document).toMatchObject({
      run: { id: "20260101-000000-000-trial", seed: 7 },
      series: [
        { name: "loss/a", width: 1 },
        { name: "weight/a", steps: [0, 1, 2, 3], values: ["NaN", "Infinity", "-Infinity", 1e-300] },
        { name: "dominance-histogram/d.kernel", width: 3, steps: [5], values: [1, 2.5, 3] },
        { name: "dominance/d.kernel/a", values: [0.5] },
      ],
      events: [{ kind: "best", step: 5, message: "so" }],
      snapshots: [{ parameter: "d.kernel", step: 5, epoch: 1, shares: Buffer.from([0, 127, 255]).toString("base64") }],
    });
  });
});

test.each([
  ["loss/*", ["loss/a"]],
  ["{loss,weight}/?", ["loss/a", "weight/a"]],
  ["dominance*", []],
  ["dominance*/*", ["dominance-histogram/d.kernel"]],
  ["dominance/**", ["dominance/d.kernel/a"]],
  ["**", ["loss/a", "weight/a", "dominance-histogram/d.kernel", "dominance/d.kernel/a"]],
  ["dXkernel", []],
])("%s picks %j", (pattern, names) => {
  withRun((reader) => expect(exportedSeries(reader, pattern)).toEqual(names));
});
