import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { charts } from "../../../scripts/performance/charts.ts";
import { readMeasurements, type Measurements } from "../../../scripts/performance/measurements.ts";
import { filledPage } from "../../../scripts/performance/page.ts";
import { sections } from "../../../scripts/performance/sections.ts";
import type { Figures } from "../../bench/engine/measure.ts";
import type { CaseLine } from "../../bench/engine/worker.ts";

const docs = join(import.meta.dirname, "../../../docs");
const file = join(docs, "performance.md");

test("docs/performance.md and its pictures are those of the saved measurements: `npm run docs`", async () => {
  const measurements = readMeasurements(join(docs, "performance"));
  const page = readFileSync(file, "utf8");
  expect(await filledPage(page, sections(measurements), file)).toBe(page);
  for (const [name, picture] of Object.entries(charts(measurements))) expect(readFileSync(join(docs, name), "utf8")).toBe(picture);
});

describe("a page with places", () => {
  test("gets new sections and keeps what a person wrote", async () => {
    const page = "# Title\n\nBy hand.\n\n<!-- made: one -->\n\nold\n\n<!-- /made -->\n\nMore by hand.\n";
    const filled = await filledPage(page, { one: "new" }, file);
    expect(filled).toBe(page.replace("old", "new"));
    expect(await filledPage(filled, { one: "new" }, file)).toBe(filled);
  });

  test("lacks neither a place nor a section", async () => {
    await expect(filledPage("nothing", { one: "new" }, file)).rejects.toThrow("has no place for one");
    await expect(filledPage("<!-- made: two -->\n<!-- /made -->", {}, file)).rejects.toThrow('a place for "two"');
  });
});

/** What a benchmark saved, with these lines. */
function saved<T>(results: readonly T[]) {
  const machine = {
    processor: "P",
    cores: 2,
    caches: ["L2 1M"],
    memoryGiB: 8,
    system: "linux",
    node: "v24",
    tensorflow: "2",
    commit: "c",
    loadavg1: 0,
  };
  return { at: "2026-01-02T00:00:00Z", machine: { ...machine, peers: { torch: "2.0" } }, seconds: 4, rounds: 2, results };
}

const figures: Omit<Figures, "steps_per_s" | "runs"> = {
  ...{ batch: 256, tasks: 3, parameters: 9, cpu_per_wall: [1], peak_rss_mib: 100, tensors: [16, 16], last_losses: [], loadavg1: 0.5 },
  parts: { data: 0.01, gradients: 0.7, balancing: 0.02, combination: 0.03, optimizer: 0.2, checks: 0.01, collector: 0, rest: 0.03 },
};

function line(engine: string, threads: number, speed: number): CaseLine {
  return { ...figures, problem: "A", method: "mgda", engine, threads, steps_per_s: speed, runs: [speed] };
}

describe("sections", () => {
  const nothing: Measurements = { engine: undefined, growth: undefined, example: undefined };

  test("say where nothing was measured", () => {
    expect(new Set(Object.values(sections(nothing)))).toEqual(new Set(["Not measured yet."]));
  });

  test("tell ratios, parts, threads, and what was not measured", () => {
    const notMeasured: CaseLine = {
      problem: "A",
      method: "mgda",
      engine: "taskscope wasm",
      threads: 2,
      error: "Not measured: one thread.",
    };
    const lines = [line("taskscope native", 1, 200), line("torchjd backward", 1, 100), line("taskscope native", 2, 300), notMeasured];
    const made = sections({ ...nothing, engine: saved(lines) });
    expect(made["ratios-native"]).toContain("| A | `mgda` | 1 | 200 | torchjd backward | 100 | **2.00** | 2.00 | 1.00, 1.00 |");
    expect(made["ratios-wasm"]).toBe("Not measured yet.");
    expect(made["parts"]).toContain("| A | `mgda` | native | 70 | 2 | 3 | 20 | 1 | 1 | 0 | 3 | 100 | 16 |");
    expect(made["threads"]).toContain("| A | `mgda` | native | 200 | 300 | 1.50 |");
    expect(made["threads"]).toContain("Not measured: one thread.");
    expect(made["machine"]).toContain("torch 2.0");
  });

  test("tell where growth is worse than linear", () => {
    const point = (size: number, speed: number) => ({ ...line("taskscope wasm", 1, speed), axis: "tasks" as const, size });
    const linear = sections({ ...nothing, growth: saved([point(2, 100), point(20, 10)]) });
    expect(linear["growth"]).toContain("Nowhere worse than linear");
    const worse = { ...nothing, growth: saved([point(2, 100), point(20, 5)]) };
    expect(sections(worse)["growth"]).toContain("| 2 to 20 |");
    expect(Object.keys(charts(worse))).toEqual(["growth-tasks.svg"]);
  });
});
