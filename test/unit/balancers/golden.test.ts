import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { adaptiveUncertainty } from "../../../src/balancers/adaptive-uncertainty.ts";
import { imtlL } from "../../../src/balancers/imtl-l.ts";
import { uncertainty } from "../../../src/balancers/uncertainty.ts";
import { taskUpdate, type TaskAccumulators } from "../../../src/balancers/kernels/adatask-update.ts";
import { balanceProblemSchema } from "../../../src/balancers/play-problem.ts";
import { playBalance } from "../../../src/balancers/play.ts";
import { contextOf } from "./context.ts";

const vector = z.array(z.number());
const answer = z.union([z.object({ w: vector.optional(), d: vector }), z.literal("stationary")]);
const matrix = z.object({ J: z.array(vector) }).catchall(answer);
const weighed = z.object({ losses: vector, weights: vector });
const golden = z
  .object({
    matrices: z.record(z.string(), matrix),
    steps: z.looseObject({
      GLS: weighed,
      SI: weighed,
      AWL: weighed.extend({ sigma: vector, grad_sigma: vector }),
      AWL_opt: weighed.extend({ sigma2: vector }),
      IMTL_L: weighed.extend({ s: vector, grad_s: vector }),
      DWA_T2: z.object({ prev2: vector, prev1: vector, weights: vector }),
      DWA_T10: z.object({ prev2: vector, prev1: vector, weights: vector }),
      STCH_paper_mu1: weighed,
      "STCH_paper_mu0.1": weighed,
      "STCH_paper_mu0.01": weighed,
      STCH_mtl_mu1: weighed.extend({ nadir: vector }),
      "STCH_mtl_mu0.5": weighed.extend({ nadir: vector }),
      UW_nash: z.object({ losses: vector, s: vector, weights: vector, grad_s: vector }),
      AdaTask_adam: z.object({ grads: z.array(z.array(vector)), theta: z.array(vector) }),
    }),
  })
  .parse(JSON.parse(readFileSync(new URL("../../golden/balancer-golden.json", import.meta.url), "utf8")));

/** Key in the golden file, method, options, and the digits that the file has. */
const methods = [
  ["mgda", "mgda", {}, 1e-9],
  ["cagrad_c.5_r0", "cagrad", { c: 0.5, rescale: "none" }, 1e-6],
  ["cagrad_c.4_r1", "cagrad", { c: 0.4, rescale: "square" }, 1e-6],
  ["imtlg_pinv", "imtl-g", { solver: "pinv" }, 1e-8],
  ["nash", "nash-mtl", { maxNorm: 0 }, 1e-8],
  ["fairgrad_a2", "fairgrad", { alpha: 2 }, 1e-8],
  ["upgrad_mean_reg0", "upgrad", {}, 1e-8],
  ["dualproj_mean_reg0", "dualproj", {}, 1e-8],
  ["aligned_min_sum", "aligned-mtl", {}, 1e-8],
  ["aligned_rmse_sum", "aligned-mtl", { sigma: "rmse" }, 1e-8],
  ["config", "config", {}, 1e-8],
] as const;

describe.each(Object.entries(golden.matrices))("golden matrix %s", (_, { J, ...answers }) => {
  test.each(methods)("%s", (key, method, options, tolerance) => {
    const expected = answers[key];
    const [step] = playBalance(balanceProblemSchema.parse({ options, steps: [{ jacobian: J }] }), method);
    if (expected === "stationary") {
      expect(step).toMatchObject({ status: "stationary", direction: J[0]?.map(() => 0) });
      return;
    }
    expectClose(step?.direction ?? [], expected?.d ?? [], tolerance);
    if (expected?.w !== undefined) expectClose(step?.weights ?? [], expected.w, tolerance);
  });
});

test("Nash-MTL clipped to norm 1 on A", () => {
  const [step] = playBalance(balanceProblemSchema.parse({ steps: [{ jacobian: golden.matrices["A"]?.J }] }), "nash-mtl");
  expectClose(step?.direction ?? [], [0.0542, 0.7061, 0.7061], 1e-4);
});

test.each(["cagrad", "nash-mtl", "fairgrad", "config"])("%s: opposite gradients are stationary", (method) => {
  const [step] = playBalance(
    balanceProblemSchema.parse({
      steps: [
        {
          jacobian: [
            [1, 0],
            [-1, 0],
          ],
        },
      ],
    }),
    method,
  );
  expect(step?.status).toBe("stationary");
  expectClose(step?.direction ?? [], [0, 0], 1e-12);
});

test("IMTL-G: two tasks by the closed form, and never against every task where the sum turns negative", () => {
  const { F, S } = golden.matrices;
  const [two] = playBalance(balanceProblemSchema.parse({ steps: [{ jacobian: F?.J }] }), "imtl-g");
  expectClose(two?.weights ?? [], [0.75, 0.25], 1e-12);
  const [three] = playBalance(balanceProblemSchema.parse({ steps: [{ jacobian: S?.J }] }), "imtl-g");
  for (const row of S?.J ?? []) expect(row.reduce((sum, value, i) => sum + value * (three?.direction?.[i] ?? 0), 0)).toBeGreaterThan(0);
});

test.each([
  ["geometric", {}, golden.steps.GLS],
  ["scale-invariant", {}, golden.steps.SI],
  ["stch", { form: "paper", mu: 1 }, golden.steps.STCH_paper_mu1],
  ["stch", { form: "paper", mu: 0.1 }, golden.steps["STCH_paper_mu0.1"]],
  ["stch", { form: "paper", mu: 0.01 }, golden.steps["STCH_paper_mu0.01"]],
] as const)("%s %o", (method, options, { losses, weights }) => {
  const [step] = playBalance(balanceProblemSchema.parse({ options, steps: [{ losses }] }), method);
  expectClose(step?.weights ?? [], weights, 1e-9);
});

test.each([
  ["golden step", 1, golden.steps.STCH_mtl_mu1],
  ["golden step", 0.5, golden.steps["STCH_mtl_mu0.5"]],
] as const)("Smooth Tchebycheff after its warm-up, %s with μ = %d", (_, mu, { losses, nadir, weights }) => {
  // Played with an epoch a step: the nadir is measured in the second.
  const problem = { options: { mu, warmUp: 1 }, steps: [{ losses: [9, 9, 9] }, { losses: nadir }, { losses }] };
  const steps = playBalance(balanceProblemSchema.parse(problem), "stch");
  expectClose(steps[2]?.weights ?? [], weights, 1e-9);
  expectClose(
    steps[1]?.weights ?? [],
    nadir.map((loss) => 1 / loss),
    1e-12,
  );
});

test.each([
  [2, golden.steps.DWA_T2],
  [10, golden.steps.DWA_T10],
] as const)("Dynamic weight average with temperature %d", (temperature, { prev2, prev1, weights }) => {
  const problem = { options: { temperature }, steps: [{ losses: prev2 }, { losses: prev1 }, { losses: prev1 }] };
  const steps = playBalance(balanceProblemSchema.parse(problem), "dwa");
  expectClose(steps[1]?.weights ?? [], [1, 1, 1], 1e-12);
  expectClose(steps[2]?.weights ?? [], weights, 1e-9);
});

test.each([
  ["imtl-l", imtlL, "logScale", golden.steps.IMTL_L.s, golden.steps.IMTL_L.grad_s, golden.steps.IMTL_L],
  ["adaptive-uncertainty", adaptiveUncertainty, "sigma", golden.steps.AWL.sigma, golden.steps.AWL.grad_sigma, golden.steps.AWL],
] as const)(
  "%s: golden weights, and its own values move against the golden gradient",
  (_, balancer, name, values, gradient, { losses, weights }) => {
    const prepared = balancer.prepare({ learningRate: 0.01 }, contextOf(3));
    const answer = prepared.weigh({ tasks: [0, 1, 2], losses, step: 0, epoch: 0 }, { ...prepared.start(), [name]: values });
    expectClose(answer.weights, weights, 1e-9);
    expectClose(
      answer.state["mean"] ?? [],
      gradient.map((g) => 0.1 * g),
      1e-9,
    );
  },
);

test("adaptive-uncertainty: with losses frozen, σ tends to the golden optimum", () => {
  const { losses, weights } = golden.steps.AWL_opt;
  const problem = balanceProblemSchema.parse({ options: { learningRate: 0.02 }, steps: new Array(4000).fill({ losses }) });
  expectClose(playBalance(problem, "adaptive-uncertainty").at(-1)?.weights ?? [], weights, 1e-4);
});

test("uncertainty weighting gives the golden weights and moves each s against the golden gradient", () => {
  const { losses, s, weights, grad_s } = golden.steps.UW_nash;
  const prepared = uncertainty.prepare({ learningRate: 0.01 }, contextOf(3));
  const answer = prepared.weigh({ tasks: [0, 1, 2], losses, step: 0, epoch: 0 }, { ...prepared.start(), logVariance: s });
  expectClose(answer.weights, weights, 1e-9);
  // The first bias-corrected step of Adam has the learning rate's length against the gradient's sign; its mean is 0.1 of the gradient.
  expectClose(
    answer.state["mean"] ?? [],
    grad_s.map((g) => 0.1 * g),
    1e-9,
  );
  expectClose(
    answer.state["logVariance"] ?? [],
    s.map((value, i) => value - 0.01 * Math.sign(grad_s[i] ?? 0)),
    1e-6,
  );
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
  actual.forEach((value, i) =>
    expect(Math.abs(value - (expected[i] ?? NaN)), `entry ${i} of ${actual.join(", ")}`).toBeLessThanOrEqual(tolerance * size),
  );
}
