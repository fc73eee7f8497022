import { test } from "@fast-check/vitest";
import fc from "fast-check";
import { expect } from "vitest";
import { balanceProblemSchema } from "../../../src/balancers/play-problem.ts";
import { playBalance } from "../../../src/balancers/play.ts";
import { crMogm } from "../../../src/balancers/cr-mogm.ts";
import { expectClose } from "./close.ts";
import { contextOf } from "./context.ts";
import { jacobians } from "./jacobians.ts";

type Rows = readonly (readonly number[])[];
const inner = fc.constantFrom("mgda", "cagrad", "imtl-g", "nash-mtl", "fairgrad", "aligned-mtl", "upgrad", "dualproj", "config");
const sequences = fc
  .array(jacobians({ tasks: [3, 3], magnitudes: 1 }), { minLength: 1, maxLength: 4 })
  .map((sequence) => sequence.map((rows) => rows.map((row) => Array.from({ length: 12 }, (_, i) => row[i] ?? 0))));

function weightsOf(method: string, sequence: readonly Rows[], options: object = {}): readonly (readonly number[])[] {
  const steps = sequence.map((jacobian) => ({ jacobian, losses: jacobian.map(() => 1) }));
  return playBalance(balanceProblemSchema.parse({ options, steps }), method).map(({ weights }) => weights ?? []);
}

test.prop([inner, sequences, fc.double({ min: 0, max: 0.99, noNaN: true })])(
  "cr-mogm: the moving average of the method's own weights, from 1/K; α = 0 is the method itself",
  (of, sequence, alpha) => {
    const own = weightsOf(of, sequence);
    let average = [1 / 3, 1 / 3, 1 / 3];
    weightsOf("cr-mogm", sequence, { of, alpha }).forEach((weights, step) => {
      average = average.map((value, i) => alpha * value + (1 - alpha) * (own[step]?.[i] ?? NaN));
      expectClose(weights, average, 1e-12);
    });
    weightsOf("cr-mogm", sequence, { of, alpha: 0 }).forEach((weights, step) => expectClose(weights, own[step] ?? [], 0));
  },
);

test("cr-mogm: where the method is stationary its weights of 0 go into the average, and an absent task keeps its own", () => {
  const opposite = [
    [1, 0],
    [-1, 0],
  ];
  const [step] = playBalance(balanceProblemSchema.parse({ options: { of: "nash-mtl" }, steps: [{ jacobian: opposite }] }), "cr-mogm");
  // Equal weights of opposite gradients: the average is not 0, but the direction is.
  expect(step).toMatchObject({ status: "stationary", weights: [0.45, 0.45] });
  const prepared = crMogm.prepare({}, contextOf(3));
  const input = {
    tasks: [0, 2],
    losses: [1, 1],
    gram: [
      [1, 0],
      [0, 3],
    ],
    step: 0,
    epoch: 0,
  };
  const { state, weights } = prepared.weigh(input, prepared.start());
  expectClose(weights, [0.3 + 0.075, 0.3 + 0.025], 1e-12);
  expectClose(state["average"] ?? [], [0.375, 1 / 3, 0.325], 1e-12);
});
