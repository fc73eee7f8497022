import { expect, test } from "vitest";
import { sharesIn } from "../../bench/engine/parts.ts";

const at = (id: number, functionName: string, file: string, children: number[] = []) => ({
  id,
  callFrame: { functionName, scriptId: "0", url: file === "" ? "" : `file:///checkout/${file}`, lineNumber: 0, columnNumber: 0 },
  children,
});

test("a sample counts for the nearest function that is known, the collector for itself, and shares add up to 1", () => {
  const nodes = [
    at(1, "(root)", "", [2, 9]),
    at(2, "step", "src/training/training-loop.ts", [3, 5, 8]),
    at(3, "step", "src/training/optimizers/adam.ts", [4]),
    at(4, "map", "node_modules/library/index.js"),
    at(5, "measure", "src/training/gradients/measured.ts", [6]),
    at(6, "dot", "src/training/gradients/gram.ts"),
    at(8, "combine", "src/training/gradients/gram.ts"),
    at(9, "(garbage collector)", ""),
  ];
  const shares = sharesIn({ nodes, startTime: 0, endTime: 100, samples: [4, 3, 6, 8, 9, 2], timeDeltas: [10, 20, 30, 15, 5, 20] });
  expect(shares).toEqual({ data: 0, gradients: 0, balancing: 0.3, combination: 0.15, optimizer: 0.3, collector: 0.05, rest: 0.2 });
});
