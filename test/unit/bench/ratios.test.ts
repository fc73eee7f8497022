import { describe, expect, test } from "vitest";
import { casesOf, caseName, parseCase } from "../../bench/engine/case.ts";
import { median, ratios, ratioTable } from "../../bench/engine/ratios.ts";
import type { CaseLine } from "../../bench/engine/worker.ts";

/** A line with a speed, as a worker or the peers' script prints it. */
function line(engine: string, speed: number, { threads = 1, method = "mgda", cpu = 1 } = {}): CaseLine {
  return {
    ...{
      problem: "A",
      threads,
      engine,
      method,
      batch: 256,
      tasks: 3,
      parameters: 10,
      steps_per_s: speed,
      runs: [speed],
      cpu_per_wall: [cpu],
    },
    ...{ peak_rss_mib: 1, tensors: [1, 1], last_losses: [], loadavg1: 0 },
    parts: { data: 0, gradients: 1, balancing: 0, combination: 0, optimizer: 0, checks: 0, collector: 0, rest: 0 },
  };
}

describe("ratios", () => {
  test("are those of medians over rounds, to the fastest of the peers", () => {
    const lines = [
      ...[line("taskscope native", 100), line("torchjd backward", 40), line("torchjd autogram", 90)],
      ...[line("taskscope native", 140), line("torchjd backward", 60), line("torchjd autogram", 10)],
    ];
    // The medians are 120, 50 and 50.
    expect(ratios(lines)).toMatchObject([{ engine: "taskscope native", steps_per_s: 120, peer_steps_per_s: 50, ratio: 2.4 }]);
  });

  test("compare the same number of threads and the same method alone", () => {
    const lines = [line("taskscope wasm", 10), line("torch sum", 20, { threads: 2 }), line("torch sum", 5, { method: "equal" })];
    expect(ratios(lines)).toEqual([]);
  });

  test("leave out what was not measured, on either side", () => {
    const failed: CaseLine = { problem: "A", threads: 1, engine: "taskscope wasm", method: "mgda", error: "one thread only" };
    const lines = [failed, line("taskscope native", 10), { ...failed, engine: "libmtl" }, line("torchjd backward", 20)];
    expect(ratios(lines)).toMatchObject([{ engine: "taskscope native", peer: "torchjd backward", ratio: 0.5 }]);
  });

  test("by processor time do not see how much of it a process got", () => {
    const lines = [line("taskscope native", 50, { cpu: 0.5 }), line("torchjd backward", 50, { cpu: 1 })];
    expect(ratios(lines)).toMatchObject([{ ratio: 1, ratio_by_cpu: 2 }]);
  });

  test("tell what a peer stands for", () => {
    const lines = [line("taskscope native", 50), { ...line("torch backward passes", 50), note: "a lower bound" }];
    expect(ratios(lines)).toMatchObject([{ note: "a lower bound" }]);
    expect(ratioTable(ratios(lines)).split("\n")).toHaveLength(2);
  });
});

test("a median of an even number is the middle of two, and there is none of nothing", () => {
  expect(median([4, 1, 3, 2])).toBe(2.5);
  expect(() => median([])).toThrow(RangeError);
});

describe("cases", () => {
  test("are all of them where nothing is asked for", () => {
    expect(casesOf([])).toHaveLength(3 * 6 * 2 * 2);
  });

  test("are what is asked for, and come back from their names", () => {
    const cases = casesOf(["--problems", "A,C", "--methods", "mgda", "--backends", "wasm", "--threads", "2"]);
    expect(cases.map(caseName)).toEqual(["A:mgda:wasm:2", "C:mgda:wasm:2"]);
    expect(cases.map(caseName).map(parseCase)).toEqual(cases);
  });

  test.each(["D:mgda:wasm:1", "A:mgda:gpu:1", "A::wasm:1", "A:mgda:wasm:0"])("%s is refused", (name) => {
    expect(() => parseCase(name)).toThrow();
  });

  test("an option without its value is told", () => {
    expect(() => casesOf(["--problems", "--methods", "mgda"])).toThrow("--problems needs a value.");
  });
});
