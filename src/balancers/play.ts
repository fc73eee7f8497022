import type { BalanceStatus, BalancerState, Buffers, Moment, PreparedBalancer, StepInput, Vector } from "./balancer.ts";
import { resolveBalancer } from "./catalogue.ts";
import { taskUpdate, type AdaptiveRule, type TaskAccumulators } from "./kernels/adatask-update.ts";
import { dot } from "./kernels/vectors.ts";
import type { BalanceProblem, ProblemStep } from "./play-problem.ts";

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
  const names = problem.tasks ?? Array.from({ length: tasks }, (_, i) => String(i + 1));
  requireLengths(problem, names, tasks);
  const prepared = balancer.prepare(problem.options, {
    tasks,
    names,
    taskWeights: problem.weights ?? new Array<number>(tasks).fill(1),
    kinds: problem.kinds ?? new Array<"regression">(tasks).fill("regression"),
    seed: problem.seed,
    epochs: problem.steps.length,
  });
  const player = balancer.action === "replace-update" ? new UpdatePlayer(prepared, problem.optimizer) : new WeightPlayer(prepared);
  return problem.steps.map((step, index) => {
    requireParts(step, prepared, index);
    if (!isFinite(step)) return { weights: null, direction: null, status: "non-finite" };
    return player.play(step, index, problem.steps[index + 1]);
  });
}

/** Methods that answer with a weight a task. */
class WeightPlayer {
  readonly #balancer: PreparedBalancer;
  #state: BalancerState;
  #buffers: Buffers = {};

  constructor(balancer: PreparedBalancer) {
    this.#balancer = balancer;
    this.#state = balancer.start();
  }

  play(step: ProblemStep, index: number, next: ProblemStep | undefined): BalanceStep {
    const { losses = [], jacobian } = step;
    const tasks = (jacobian ?? losses).map((_, i) => i);
    const moment = { tasks, step: index, epoch: step.epoch ?? index };
    const answer = this.#balancer.weigh(this.#input(step, moment), this.#state);
    this.#state = answer.state;
    this.#buffers = answer.buffers ?? this.#buffers;
    const rows = answer.rows ?? jacobian;
    const direction = rows === undefined ? null : combine(rows, answer.weights);
    this.#learn(step, moment, direction, next);
    return { weights: answer.rows === undefined ? answer.weights : null, direction, status: answer.status };
  }

  #input({ losses = [], jacobian, draws, performance }: ProblemStep, moment: Moment): StepInput {
    const { needs, only } = this.#balancer.demand(moment, this.#state);
    const input: StepInput = { ...moment, losses, buffers: this.#buffers, ...(performance === undefined ? {} : { performance }) };
    if (jacobian === undefined || needs === "losses") return input;
    const [first, second] = draws ?? [jacobian, jacobian];
    const gram = products(jacobian, jacobian);
    return {
      ...input,
      norms: gram.map((row, i) => Math.sqrt(row[i] ?? 0)),
      ...(needs === "norms" ? {} : { gram }),
      ...(this.#balancer.balancer.draws === undefined ? {} : { crossGram: products(first, second) }),
      ...(needs === "gradients"
        ? { gradients: jacobian.filter((_, i) => only?.includes(i) ?? true).map((row) => Float64Array.from(row)) }
        : {}),
    };
  }

  /** Where the problem does not tell what a look sees, the losses are straight lines with the gradients as their slopes. */
  #learn(
    { losses = [], jacobian = [], after }: ProblemStep,
    moment: Moment,
    direction: readonly number[] | null,
    next?: ProblemStep,
  ): void {
    const { look } = this.#balancer;
    if (look === undefined || this.#balancer.demand(moment, this.#state).look === false) return;
    const seen = after ?? next?.losses;
    if (look.kind === "after-step") {
      if (seen !== undefined) this.#state = this.#balancer.learn({ ...moment, losses, looks: [seen], distances: [] }, this.#state);
      return;
    }
    const length = Math.hypot(...(direction ?? []));
    if (direction === null || length === 0) return;
    const distances = look.offsets.map((offset) => offset / length);
    const slopes = jacobian.map((row) => dot(row, direction));
    const looks = distances.map((distance) => losses.map((loss, i) => loss + distance * (slopes[i] ?? 0)));
    this.#state = this.#balancer.learn({ ...moment, losses, looks, distances }, this.#state);
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

  play({ losses = [], jacobian = [] }: ProblemStep, step: number): BalanceStep {
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

function taskCount(steps: readonly ProblemStep[]): number {
  const counts = new Set(
    steps.flatMap(({ losses, jacobian }) => [losses?.length, jacobian?.length]).filter((count) => count !== undefined),
  );
  const widths = new Set(
    steps.flatMap(({ jacobian = [], draws = [[], []] }) => [jacobian, ...draws].flatMap((rows) => rows.map((row) => row.length))),
  );
  const [count] = counts;
  if (counts.size !== 1 || count === undefined || count === 0) {
    throw new RangeError(`Every step must have the same number of tasks, at least one; found ${[...counts].join(", ") || "none"}.`);
  }
  if (widths.size > 1) throw new RangeError(`All rows of the Jacobians must have the same length; found ${[...widths].join(", ")}.`);
  return count;
}

function requireLengths({ weights, kinds, steps }: BalanceProblem, names: readonly string[], tasks: number): void {
  for (const [what, list] of Object.entries({ tasks: names, weights, kinds })) {
    if (list !== undefined && list.length !== tasks)
      throw new RangeError(`"${what}" has ${list.length} entries, and the steps have ${tasks} tasks.`);
  }
  steps.forEach(({ after, performance, draws }, index) => {
    for (const [what, list] of Object.entries({ after, performance, "draws[0]": draws?.[0], "draws[1]": draws?.[1] })) {
      if (list !== undefined && list.length !== tasks)
        throw new RangeError(`"${what}" of step ${index + 1} has ${list.length} entries, and the steps have ${tasks} tasks.`);
    }
  });
}

function requireParts({ losses, jacobian, performance }: ProblemStep, { balancer, look }: PreparedBalancer, index: number): void {
  const missing = (part: string) => new RangeError(`Step ${index + 1} has no "${part}", which this method needs.`);
  const needsRows = balancer.needs !== "losses" || look?.kind === "along-direction";
  if (needsRows && jacobian === undefined) throw missing("jacobian");
  if ((!needsRows || look !== undefined || balancer.readsLosses === true) && losses === undefined) throw missing("losses");
  if (balancer.performance === true && performance === undefined) throw missing("performance");
}

function isFinite({ losses = [], after = [], jacobian = [], draws = [[], []] }: ProblemStep): boolean {
  return (
    [...losses, ...after].every(Number.isFinite) && [jacobian, ...draws].every((rows) => rows.every((row) => row.every(Number.isFinite)))
  );
}

function products(a: readonly (readonly number[])[], b: readonly (readonly number[])[]): number[][] {
  return a.map((row) => b.map((other) => dot(row, other)));
}

function combine(rows: readonly (readonly number[] | Vector)[], weights: readonly number[]): readonly number[] {
  const width = rows[0]?.length ?? 0;
  return Array.from({ length: width }, (_, j) => rows.reduce((sum, row, i) => sum + (weights[i] ?? 0) * (row[j] ?? 0), 0));
}
