import { describe, expect, test } from "vitest";
import { taskUpdate, type AdaptiveRule, type TaskAccumulators } from "../../../src/balancers/kernels/adatask-update.ts";
import { balanceProblemSchema } from "../../../src/balancers/play-problem.ts";
import { playBalance } from "../../../src/balancers/play.ts";
import { expectClose } from "./close.ts";

const centres = [
  [1, -2, 0.5, 3, -1],
  [-1, 1, 2, -0.5, 0],
] as const;
/** Rule, learning rate, and the largest deviation that the reference measured. */
const rules: readonly (readonly [AdaptiveRule, number, number])[] = [
  [{ kind: "adam", beta1: 0.9, beta2: 0.999, epsilon: 1e-12 }, 0.05, 3e-10],
  [{ kind: "rmsprop", rho: 0.99, epsilon: 1e-12 }, 0.05, 1e-9],
  [{ kind: "adagrad", epsilon: 1e-12 }, 0.05, 1.5e-11],
];

/** Where 400 steps of L_i = ½ c_i ‖θ − A_i‖² lead from 0, one point a step. */
function trajectory(rule: AdaptiveRule, learningRate: number, scales: readonly number[]): readonly (readonly number[])[] {
  let accumulators: readonly TaskAccumulators[] = centres.map(() => ({ mean: new Float64Array(5), square: new Float64Array(5) }));
  let point: readonly number[] = new Array<number>(5).fill(0);
  return Array.from({ length: 400 }, (_, step) => {
    const moved = centres.map((centre, task) =>
      taskUpdate(
        rule,
        centre.map((goal, i) => (scales[task] ?? 1) * ((point[i] ?? 0) - goal)),
        accumulators[task] ?? { mean: new Float64Array(5), square: new Float64Array(5) },
        step + 1,
      ),
    );
    accumulators = moved.map(({ after }) => after);
    point = point.map((value, i) => value - learningRate * moved.reduce((sum, { update }) => sum + (update[i] ?? 0), 0));
    return point;
  });
}

describe.each(rules)("adatask with %o", (rule, learningRate, deviation) => {
  test(`adatask: with ${rule.kind}, 400 steps go the same way for c = (1000, 0.01) as for (1, 1)`, () => {
    const [even, uneven] = [trajectory(rule, learningRate, [1, 1]), trajectory(rule, learningRate, [1000, 0.01])];
    const largest = Math.max(...even.flatMap((point, step) => point.map((value, i) => Math.abs(value - (uneven[step]?.[i] ?? NaN)))));
    // The reference's figure is of another start; the size is what counts.
    expect(largest).toBeLessThan(10 * deviation);
    expect(Math.hypot(...(even.at(-1) ?? []))).toBeGreaterThan(0.1);
  });

  test(`adatask: with ${rule.kind}, a gradient of 0 moves nothing, and equal tasks take K times the step`, () => {
    const step = (jacobian: readonly (readonly number[])[]) =>
      playBalance(balanceProblemSchema.parse({ optimizer: rule, steps: [{ jacobian }, { jacobian }] }), "adatask");
    for (const { direction } of step([
      [0, 0],
      [0, 0],
    ]))
      expect(direction).toEqual([0, 0]);
    const [once, thrice] = [
      step([[3, -0.5]]),
      step([
        [3, -0.5],
        [3, -0.5],
        [3, -0.5],
      ]),
    ];
    thrice.forEach(({ direction }, i) =>
      expectClose(
        direction ?? [],
        (once[i]?.direction ?? []).map((value) => 3 * value),
        1e-12,
      ),
    );
  });
});

test("adatask: Adam's first step is the learning rate for each task and element, whatever the gradient", () => {
  const jacobian = [
    [3, -1e-3],
    [1e5, 2],
    [-7, -1e-2],
  ];
  const [step] = playBalance(balanceProblemSchema.parse({ steps: [{ jacobian }] }), "adatask");
  expectClose(step?.direction ?? [], [1, -1], 1e-4);
});

test("adatask: reduction mean is the sum's K-th part", () => {
  const problem = (reduction: string) =>
    balanceProblemSchema.parse({
      options: { reduction },
      steps: [
        {
          jacobian: [
            [1, -2],
            [100, 0.5],
          ],
        },
        {
          jacobian: [
            [0.5, -1],
            [50, -0.5],
          ],
        },
      ],
    });
  const [sum, mean] = ["sum", "mean"].map((reduction) => playBalance(problem(reduction), "adatask"));
  sum?.forEach(({ direction }, i) => expect(mean?.[i]?.direction).toEqual(direction?.map((value) => value / 2)));
});
