import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { uncertainty } from "../../../src/balancers/uncertainty.ts";
import { taskUpdate, type TaskAccumulators } from "../../../src/balancers/kernels/adatask-update.ts";
import { balanceProblemSchema, playBalance } from "../../../src/balancers/play.ts";

const vector = z.array(z.number());
const matrix = z.looseObject({ J: z.array(vector), mgda: z.object({ w: vector, d: vector }) });
const golden = z
  .object({
    matrices: z.record(z.string(), matrix),
    steps: z.looseObject({
      UW_nash: z.object({ losses: vector, s: vector, weights: vector, grad_s: vector }),
      AdaTask_adam: z.object({ grads: z.array(z.array(vector)), theta: z.array(vector) }),
    }),
  })
  .parse(JSON.parse(readFileSync(new URL("../../golden/balancer-golden.json", import.meta.url), "utf8")));

describe("MGDA on the golden matrices", () => {
  test.each(Object.entries(golden.matrices))("%s", (_, { J, mgda }) => {
    const [step] = playBalance(balanceProblemSchema.parse({ steps: [{ jacobian: J }] }), "mgda");
    expectClose(step?.weights ?? [], mgda.w, 1e-9);
    expectClose(step?.direction ?? [], mgda.d, 1e-9);
  });
});

test("uncertainty weighting gives the golden weights and moves each s against the golden gradient", () => {
  const { losses, s, weights, grad_s } = golden.steps.UW_nash;
  const context = { tasks: 3, taskWeights: [1, 1, 1], kinds: ["regression", "regression", "regression"] as const };
  const prepared = uncertainty.prepare({ learningRate: 0.01 }, context);
  const answer = prepared.weigh({ tasks: [0, 1, 2], losses, step: 0, epoch: 0 }, { ...prepared.start(), logVariance: s });
  expectClose(answer.weights, weights, 1e-9);
  // The first bias-corrected step of Adam has the learning rate's length against the gradient's sign; its mean is 0.1 of the gradient.
  expectClose(answer.state["mean"] ?? [], grad_s.map((g) => 0.1 * g), 1e-9);
  expectClose(answer.state["logVariance"] ?? [], s.map((value, i) => value - 0.01 * Math.sign(grad_s[i] ?? 0)), 1e-6);
});

test("AdaTask with Adam reproduces the golden parameters", () => {
  const { grads, theta } = golden.steps.AdaTask_adam;
  const steps = playBalance(balanceProblemSchema.parse({ steps: grads.map((jacobian) => ({ jacobian })) }), "adatask");
  const position = [0, 0];
  steps.forEach(({ direction }, step) => {
    direction?.forEach((value, i) => (position[i] = (position[i] ?? 0) - 0.1 * value));
    expectClose(position, theta[step] ?? [], 1e-9);
  });
});

test("AdaTask's task update is the plain optimizer's, by hand, for RMSProp and AdaGrad", () => {
  const start: TaskAccumulators = { mean: new Float64Array(1), square: Float64Array.of(0.5) };
  const rmsprop = taskUpdate({ kind: "rmsprop", rho: 0.9, epsilon: 0 }, [2], start, 1);
  expect(rmsprop.update[0]).toBeCloseTo(2 / Math.sqrt(0.9 * 0.5 + 0.1 * 4), 12);
  const adagrad = taskUpdate({ kind: "adagrad", epsilon: 0 }, [2], start, 1);
  expect(adagrad.update[0]).toBeCloseTo(2 / Math.sqrt(4.5), 12);
});

/** Relative to the greatest expected value: golden numbers carry nine decimals. */
function expectClose(actual: readonly number[], expected: readonly number[], tolerance: number): void {
  expect(actual).toHaveLength(expected.length);
  const size = Math.max(1, ...expected.map(Math.abs));
  actual.forEach((value, i) => expect(Math.abs(value - (expected[i] ?? NaN)), `entry ${i} of ${actual.join(", ")}`).toBeLessThanOrEqual(tolerance * size));
}
