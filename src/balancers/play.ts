import { z } from "zod";
import type { BalanceStatus, BalancerState, PreparedBalancer } from "./balancer.ts";
import { resolveBalancer } from "./catalogue.ts";
import { dot } from "./kernels/vectors.ts";
import { taskUpdate, type AdaptiveRule, type TaskAccumulators } from "./kernels/adatask-update.ts";

const numbers = z.array(z.number());
const stepSchema = z.strictObject({ losses: numbers.optional(), jacobian: z.array(numbers).optional() });
const ruleSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("adam"),
    beta1: z.number().default(0.9),
    beta2: z.number().default(0.999),
    epsilon: z.number().default(1e-8),
  }),
  z.strictObject({ kind: z.literal("rmsprop"), rho: z.number().default(0.99), epsilon: z.number().default(1e-8) }),
  z.strictObject({ kind: z.literal("adagrad"), epsilon: z.number().default(1e-10) }),
]);

/**
 * A method on given losses and Jacobians, step by step, to understand or to verify it. `jacobian` has one row a task.
 * `weights` are the tasks' constant weights for `static`; `optimizer` is the rule whose accumulators `adatask` keeps.
 */
export const balanceProblemSchema = z.strictObject({
  method: z.string().optional(),
  options: z.record(z.string(), z.unknown()).default({}),
  weights: numbers.optional(),
  kinds: z.array(z.enum(["classification", "regression"])).optional(),
  optimizer: ruleSchema.default({ kind: "adam", beta1: 0.9, beta2: 0.999, epsilon: 1e-8 }),
  seed: z.int().min(0).default(0),
  steps: z.array(stepSchema).min(1),
});

export type BalanceProblem = z.output<typeof balanceProblemSchema>;
type Step = BalanceProblem["steps"][number];

/** `weights` are null where the direction is no combination of the rows; `direction` is null where no rows were given. */
export interface BalanceStep {
  readonly weights: readonly number[] | null;
  readonly direction: readonly number[] | null;
  readonly status: BalanceStatus | "non-finite";
}

/** Plays one problem. Throws `RangeError` or `ZodError` when the problem does not make sense. */
export function playBalance(problem: BalanceProblem, method: string): readonly BalanceStep[] {
  const { balancer } = resolveBalancer(method);
  const tasks = taskCount(problem.steps);
  const prepared = balancer.prepare(problem.options, {
    tasks,
    taskWeights: problem.weights ?? new Array<number>(tasks).fill(1),
    kinds: problem.kinds ?? new Array<"regression">(tasks).fill("regression"),
  });
  const player = balancer.action === "replace-update" ? new UpdatePlayer(prepared, problem.optimizer) : new WeightPlayer(prepared);
  return problem.steps.map((step, index) => {
    requireParts(step, balancer.needs !== "losses", index);
    if (!isFinite(step)) return { weights: null, direction: null, status: "non-finite" };
    return player.play(step, index);
  });
}

/** Methods that answer with a weight a task. */
class WeightPlayer {
  readonly #balancer: PreparedBalancer;
  #state: BalancerState;

  constructor(balancer: PreparedBalancer) {
    this.#balancer = balancer;
    this.#state = balancer.start();
  }

  play({ losses = [], jacobian }: Step, step: number): BalanceStep {
    const count = jacobian?.length ?? losses.length;
    const gram = jacobian?.map((row) => jacobian.map((other) => dot(row, other)));
    const input = { tasks: Array.from({ length: count }, (_, i) => i), losses, step, epoch: step };
    const answer = this.#balancer.weigh(
      gram === undefined ? input : { ...input, gram, norms: gram.map((row, i) => Math.sqrt(row[i] ?? 0)) },
      this.#state,
    );
    this.#state = answer.state;
    return { weights: answer.weights, direction: jacobian === undefined ? null : combine(jacobian, answer.weights), status: answer.status };
  }
}

/** AdaTask: the direction is the sum of the tasks' updates per unit of learning rate. */
class UpdatePlayer {
  readonly #weights: PreparedBalancer;
  readonly #rule: AdaptiveRule;
  #accumulators: readonly TaskAccumulators[] | undefined;
  /** Steps that were really taken; a step skipped for a bad value does not count. */
  #count = 0;

  constructor(weights: PreparedBalancer, rule: AdaptiveRule) {
    this.#weights = weights;
    this.#rule = rule;
  }

  play({ losses = [], jacobian = [] }: Step, step: number): BalanceStep {
    const before =
      this.#accumulators ?? jacobian.map((row) => ({ mean: new Float64Array(row.length), square: new Float64Array(row.length) }));
    this.#count += 1;
    const moved = jacobian.map((row, i) => taskUpdate(this.#rule, row, before[i] ?? emptyAccumulators, this.#count));
    this.#accumulators = moved.map(({ after }) => after);
    const input = { tasks: jacobian.map((_, i) => i), losses, step, epoch: step };
    const { weights, status } = this.#weights.weigh(input, this.#weights.start());
    return {
      weights: null,
      direction: combine(
        moved.map(({ update }) => [...update]),
        weights,
      ),
      status,
    };
  }
}

const emptyAccumulators: TaskAccumulators = { mean: new Float64Array(), square: new Float64Array() };

function taskCount(steps: readonly Step[]): number {
  const counts = new Set(
    steps.flatMap(({ losses, jacobian }) => [losses?.length, jacobian?.length]).filter((count) => count !== undefined),
  );
  const widths = new Set(steps.flatMap(({ jacobian }) => (jacobian ?? []).map((row) => row.length)));
  const [count] = counts;
  if (counts.size !== 1 || count === undefined || count === 0) {
    throw new RangeError(`Every step must have the same number of tasks, at least one; found ${[...counts].join(", ") || "none"}.`);
  }
  if (widths.size > 1) throw new RangeError(`All rows of the Jacobian must have the same length; found ${[...widths].join(", ")}.`);
  return count;
}

function requireParts({ losses, jacobian }: Step, needsRows: boolean, index: number): void {
  if (needsRows && jacobian === undefined) throw new RangeError(`Step ${index + 1} has no "jacobian", which this method needs.`);
  if (!needsRows && losses === undefined) throw new RangeError(`Step ${index + 1} has no "losses", which this method needs.`);
}

function isFinite({ losses = [], jacobian = [] }: Step): boolean {
  return losses.every(Number.isFinite) && jacobian.every((row) => row.every(Number.isFinite));
}

function combine(rows: readonly (readonly number[])[], weights: readonly number[]): readonly number[] {
  const width = rows[0]?.length ?? 0;
  return Array.from({ length: width }, (_, j) => rows.reduce((sum, row, i) => sum + (weights[i] ?? 0) * (row[j] ?? 0), 0));
}
