import { expect, test } from "vitest";
import { sharesIn } from "../../bench/engine/parts.ts";

const at = (id: number, functionName: string, file: string, children: number[] = []) => ({
  id,
  callFrame: { functionName, scriptId: "0", url: file === "" ? "" : `file:///checkout/${file}`, lineNumber: 0, columnNumber: 0 },
  children,
});

test("a sample counts for the nearest function that is known, the profiler for nothing, and shares add up to 1", () => {
  const nodes = [
    at(1, "(root)", "", [2, 9, 10]),
    at(2, "step", "src/training/training-loop.ts", [3, 5, 8, 7]),
    at(3, "step", "src/training/optimizers/adam.ts", [4]),
    at(4, "map", "node_modules/library/index.js"),
    at(5, "measure", "src/training/gradients/measured.ts", [6]),
    at(6, "dot", "src/training/gradients/gram.ts"),
    at(7, "isFinite", "src/training/gradients/gram.ts", [11]),
    at(8, "combine", "src/training/gradients/gram.ts"),
    at(9, "(garbage collector)", ""),
    { ...at(10, "post", ""), callFrame: { ...at(10, "post", "").callFrame, url: "node:inspector" } },
    at(11, "dot", "src/training/gradients/gram.ts"),
  ];
  const shares = sharesIn({
    nodes,
    startTime: 0,
    endTime: 100,
    samples: [4, 3, 6, 8, 9, 2, 10, 11],
    timeDeltas: [10, 20, 30, 15, 5, 12, 500, 8],
  });
  expect(shares).toEqual({
    data: 0,
    gradients: 0,
    balancing: 0.3,
    combination: 0.15,
    optimizer: 0.3,
    checks: 0.08,
    collector: 0.05,
    rest: 0.12,
  });
});
