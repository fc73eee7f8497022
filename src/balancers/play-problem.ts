import { z } from "zod";

const numbers = z.array(z.number());
const rows = z.array(numbers);
const stepSchema = z.strictObject({
  losses: numbers.optional(),
  jacobian: rows.optional(),
  /** The same batch's losses after the step, for methods that look; default: the next step's losses. */
  after: numbers.optional(),
  /** Jacobians of two further batches, for methods that draw them; default: `jacobian` for both. */
  draws: z.tuple([rows, rows]).optional(),
  /** How well each task does, in [0, 1]. */
  performance: z.array(z.number().min(0).max(1)).optional(),
  /** Epoch of the step; default: an epoch a step. */
  epoch: z.int().min(0).optional(),
});
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
  /** Names of the tasks, for options that name them; default: "1", "2", … */
  tasks: z.array(z.string()).optional(),
  weights: numbers.optional(),
  kinds: z.array(z.enum(["classification", "regression"])).optional(),
  optimizer: ruleSchema.default({ kind: "adam", beta1: 0.9, beta2: 0.999, epsilon: 1e-8 }),
  seed: z.int().min(0).default(0),
  steps: z.array(stepSchema).min(1),
});

export type BalanceProblem = z.output<typeof balanceProblemSchema>;
export type ProblemStep = BalanceProblem["steps"][number];
