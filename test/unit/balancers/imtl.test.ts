import { test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { imtl } from "../../../src/balancers/imtl.ts";
import { imtlL } from "../../../src/balancers/imtl-l.ts";
import { expectClose } from "./close.ts";
import { contextOf } from "./context.ts";
import { goldenAnswer, goldenMatrix, goldenStep, matrixLetters, numbers } from "./golden-steps.ts";
import { jacobians } from "./jacobians.ts";
import { combine, directionOf, dot, inputOf, norm, play, times, weightsOf } from "./playing.ts";

describe("golden", () => {
  test.each(matrixLetters)("imtl: its first step is IMTL-G's on the golden matrix %s", (letter) => {
    const { w, d } = goldenAnswer(letter, "imtlg_pinv");
    const dependent = ["F", "H", "S"].includes(letter);
    for (const options of dependent ? [{ solver: "pinv" }] : [{}, { solver: "pinv" }]) {
      const answer = play("imtl", goldenMatrix(letter), options);
      expectClose(weightsOf(answer), w ?? [], 1e-8);
      expectClose(directionOf(answer), d, 1e-8);
    }
  });

  test("imtl-g and imtl: four gradients in three dimensions have no equal projections: uniform over their lengths, and said", () => {
    const rows = goldenMatrix("H");
    const inverse = rows.map((row) => 1 / norm(row));
    const sum = inverse.reduce((total, value) => total + value, 0);
    for (const method of ["imtl-g", "imtl"]) {
      const answer = play(method, rows);
      expect(answer.status).toBe("infeasible");
      expectClose(weightsOf(answer), times(inverse, 1 / sum), 1e-12);
    }
  });

  test("imtl-g and imtl: the closed form on F, and the sign that is kept on S", () => {
    const closed = goldenAnswer("F", "imtlg_closed");
    const bare = goldenAnswer("S", "imtlg_pinv");
    for (const method of ["imtl-g", "imtl"]) {
      expectClose(weightsOf(play(method, goldenMatrix("F"))), closed.w ?? [], 1e-9);
      expectClose(directionOf(play(method, goldenMatrix("F"))), closed.d, 1e-9);
      // Turned against every task by the bare form; guarded, the same line the other way.
      const d = directionOf(play(method, goldenMatrix("S")));
      expect(dot(d, bare.d) / norm(d) / norm(bare.d)).toBeCloseTo(-1, 9);
    }
  });

  test("imtl: golden factors e^s of the losses for the heads, and the same way of s as IMTL-L", () => {
    const golden = goldenStep("IMTL_L", { losses: numbers, s: numbers, weights: numbers, grad_s: numbers });
    const rows = goldenMatrix("B");
    const prepared = imtl.prepare({ learningRate: 0.01 }, contextOf(3));
    const state = { ...prepared.start(), logScale: golden.s };
    const answer = prepared.weigh(inputOf(rows, golden.losses), state);
    expectClose(answer.headWeights ?? [], golden.weights, 1e-9);
    const alone = imtlL.prepare({ learningRate: 0.01 }, contextOf(3)).weigh({ ...inputOf(rows, golden.losses) }, state);
    expect(answer.state).toEqual(alone.state);
    expectClose(times(answer.state["mean"] ?? [], 10), golden.grad_s, 1e-9);
  });
});

test.prop([jacobians({ tasks: [3, 10], magnitudes: 8 })])("imtl: finite, and heads see the factors whatever the rows", (rows) => {
  const prepared = imtl.prepare({ initial: 1 }, contextOf(rows.length));
  const { weights, headWeights } = prepared.weigh(inputOf(rows), prepared.start());
  expect(weights.every(Number.isFinite)).toBe(true);
  expectClose(
    headWeights ?? [],
    rows.map(() => Math.E),
    1e-12,
  );
});

test("imtl: the direction has equal projections on the gradients of scaled losses; a task alone has weight e^s, an absent one keeps its s", () => {
  const rows = goldenMatrix("B");
  const prepared = imtl.prepare({}, contextOf(3));
  const state = { ...prepared.start(), logScale: [2, -1, 0.5] };
  const answer = prepared.weigh(inputOf(rows), state);
  const d = combine(rows, answer.weights);
  const projections = rows.map((row) => dot(row, d) / norm(row));
  expectClose(
    projections,
    projections.map(() => projections[0] ?? NaN),
    1e-9,
  );
  const factors = answer.headWeights ?? [];
  expect(answer.weights.reduce((sum, weight, i) => sum + weight / (factors[i] ?? NaN), 0)).toBeCloseTo(1, 12);
  const alone = prepared.weigh(inputOf(rows.slice(1, 2), [1], [1]), state);
  expect(alone.weights).toEqual([Math.exp(-1)]);
  expect(alone.state["logScale"]?.filter((_, task) => task !== 1)).toEqual([2, 0.5]);
  expect(alone.state["count"]).toEqual([0, 1, 0]);
});
