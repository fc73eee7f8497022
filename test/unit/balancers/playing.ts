import { balanceProblemSchema } from "../../../src/balancers/play-problem.ts";
import { playBalance, type BalanceStep } from "../../../src/balancers/play.ts";

export type Rows = readonly (readonly number[])[];

/** What a method answers to one Jacobian, with losses 1 where none are given. */
export function play(method: string, jacobian: Rows, options: object = {}, losses: readonly number[] = jacobian.map(() => 1)): BalanceStep {
  return playSteps(method, [{ jacobian, losses }], options)[0] ?? { weights: null, direction: null, status: "non-finite" };
}

/** What a method answers step after step. */
export function playSteps(
  method: string,
  steps: readonly { readonly jacobian: Rows; readonly losses?: readonly number[]; readonly epoch?: number }[],
  options: object = {},
  problem: object = {},
): readonly BalanceStep[] {
  const performance = steps[0]?.jacobian.map(() => 0.5) ?? [];
  const whole = steps.map((step) => ({ losses: step.jacobian.map(() => 1), performance, ...step }));
  return playBalance(balanceProblemSchema.parse({ ...problem, options, steps: whole }), method);
}

/** The direction; throws where the method gave none. */
export function directionOf({ direction }: BalanceStep): readonly number[] {
  if (direction === null) throw new Error("The method gave no direction.");
  return direction;
}

export function weightsOf({ weights }: BalanceStep): readonly number[] {
  if (weights === null) throw new Error("The method gave no weights.");
  return weights;
}

export function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0);
}

export function norm(a: readonly number[]): number {
  return Math.sqrt(dot(a, a));
}

export function times(row: readonly number[], factor: number): readonly number[] {
  return row.map((value) => value * factor);
}

/** Σ w_i g_i. */
export function combine(rows: Rows, weights: readonly number[]): readonly number[] {
  return (rows[0] ?? []).map((_, j) => rows.reduce((sum, row, i) => sum + (weights[i] ?? 0) * (row[j] ?? 0), 0));
}

export function gramOf(rows: Rows): number[][] {
  return rows.map((row) => rows.map((other) => dot(row, other)));
}

/** The step's input to a method, as the trainer would make it of these rows. */
export function inputOf(rows: Rows, losses: readonly number[] = rows.map(() => 1), tasks = rows.map((_, i) => i)) {
  const gram = gramOf(rows);
  return { tasks, losses, step: 0, epoch: 0, gram, norms: gram.map((row, i) => Math.sqrt(row[i] ?? 0)) };
}
