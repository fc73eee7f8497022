import { stripVTControlCharacters } from "node:util";
import { expect, test } from "vitest";
import { explanationText } from "../../../src/cli/step-explanation-text.ts";
import type { OperationTable, StepExplanation, StepTime } from "../../../src/experiment/step-explanation.ts";

const operations: OperationTable = {
  steps: 4,
  times: 3,
  ms: 0.4,
  bytes: 2600,
  rows: [
    { operation: "MatMul", times: 2, ms: 0.3, share: 0.75, bytes: 2560, outputs: [{ shape: [16, 32], times: 1 }, { shape: [16, 8], times: 1 }] }, // prettier-ignore
    { operation: "Sum", times: 1, ms: 0.1, share: 0.25, bytes: 40, outputs: [{ shape: [], times: 10 }] },
  ],
};

function time(forward: number): StepTime {
  const parts = { data: 0.1, forward, wayBack: 0.2, balancing: 0, optimizer: 0.1, rest: 0.1 };
  return { ms: forward + 0.5, parts };
}

const plain: StepExplanation = {
  experiment: "small",
  backend: { name: "wasm", version: "4.22.0", threads: 1 },
  balancer: "equal",
  optimizer: "adam",
  rows: 16,
  batches: 1,
  steps: { warmUp: 8, measured: 20 },
  compiled: { works: false, reason: "a value is read back", recordings: [], plainPasses: {}, notes: [] },
  time: { plain: time(0.5), compiled: null },
  operations: { plain: operations, compiled: null },
  memory: { resting: { tensors: 10, bytes: 100 }, plainPeak: { tensors: 20, bytes: 2 ** 21 }, recording: null },
};

function linesOf(explanation: StepExplanation): string[] {
  return stripVTControlCharacters(explanationText(explanation)).replaceAll("\u202f", " ").split("\n");
}

test("a plain step: the reason, what to look at first, aligned columns with a total", () => {
  const lines = linesOf(plain);
  expect(lines).toContain("compiled    no: a value is read back");
  expect(lines).toContain("Look first at forward: 50 % of a step of 1.000 ms; of its operations MatMul takes most (75 %).");
  const at = lines.findIndex((line) => line.startsWith("operation "));
  expect(lines.slice(at, at + 4)).toEqual([
    "operation  times  ms a step    share   output  largest outputs",
    "MatMul         2      0.300   75.0 %  2.5 KiB  [16,32], [16,8]",
    "Sum            1      0.100   25.0 %     40 B  number ×10",
    "total          3      0.400  100.0 %  2.5 KiB",
  ]);
  expect(lines).toContain("total      1.000  100.0 %");
  expect(lines).toContain("most at once in a plain step, above that       20  2.0 MiB");
});

test("a compiled step beside the plain one, with where its times by operation come from", () => {
  const compiled: StepExplanation = {
    ...plain,
    phase: { title: "warm-up", others: 2 },
    compiled: { works: true, reason: null, recordings: [{ tasks: ["a", "b"], standIns: false, operations: 30 }], plainPasses: { "they are few": 2 }, notes: ["Something."] }, // prettier-ignore
    time: { plain: time(1.5), compiled: time(0.5) },
    operations: { plain: operations, compiled: operations },
    memory: { ...plain.memory, recording: { tensors: 3, bytes: 2600 } },
  };
  const lines = linesOf({ ...compiled, backend: { ...plain.backend, name: "native" } });
  expect(lines).toContain("phase       warm-up; 2 other phases not looked at");
  expect(lines).toContain("compiled    yes");
  expect(lines).toContain("            rows with labels of a, b: 30 operations recorded");
  expect(lines).toContain("            2 passes made plainly: they are few");
  expect(lines).toContain("note        Something.");
  expect(lines).toContain("total      2.000     1.000  100.0 %");
  expect(lines.join(" ")).toContain("2.0 times the speed of the plain step");
  expect(lines.join(" ")).toContain("their sum (0.400 ms) is not the time of the graph");
  const onWasm = linesOf(compiled).join(" ");
  expect(onWasm).not.toContain("graph");
  expect(onWasm).toContain("These are the kernels of the recording");
});
