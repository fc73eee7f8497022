import type { PreparedBalancer, Remembered, StepInput, Weighing } from "../../../src/balancers/balancer.ts";
import { RandomStream } from "../../../src/balancers/kernels/random-stream.ts";

type Rows = readonly (readonly number[])[];

/** What a step gives a method; one entry a present task. */
export interface Given {
  readonly tasks: readonly number[];
  readonly step: number;
  readonly epoch: number;
  readonly losses: readonly number[];
  readonly jacobian: Rows;
  /** Jacobians of two further batches. */
  readonly draws: readonly [Rows, Rows];
  readonly performance: readonly number[];
  /** Losses after the step. */
  readonly after: readonly number[];
}

/** A method and what it remembers, asked step by step as training would, without a model. */
export class Driver {
  readonly #balancer: PreparedBalancer;
  remembered: Remembered;

  constructor(balancer: PreparedBalancer, remembered: Remembered = { state: balancer.start(), buffers: {} }) {
    this.#balancer = balancer;
    this.remembered = remembered;
  }

  step(given: Given): Weighing {
    const { tasks, step, epoch, jacobian } = given;
    const { only, look } = this.#balancer.demand({ tasks, step, epoch }, this.remembered.state);
    const { state, buffers, ...weighing } = this.#balancer.weigh(this.#input(given, only), this.remembered.state);
    this.remembered = { state, buffers: buffers ?? this.remembered.buffers ?? {} };
    if (look !== false) this.#learn(given, combine(weighing.rows ?? jacobian, weighing.weights));
    return weighing;
  }

  #input({ tasks, step, epoch, losses, jacobian, draws, performance }: Given, only: readonly number[] = tasks): StepInput {
    const gram = products(jacobian, jacobian);
    return {
      tasks,
      step,
      epoch,
      losses,
      performance,
      gram,
      norms: gram.map((row, i) => Math.sqrt(row[i] ?? 0)),
      crossGram: products(...draws),
      gradients: jacobian.filter((_, i) => only.includes(tasks[i] ?? -1)).map((row) => Float64Array.from(row)),
      buffers: this.remembered.buffers ?? {},
    };
  }

  /** Along the direction the losses are straight lines with the gradients as slopes, and ‖θ‖ is 1. */
  #learn({ tasks, step, epoch, losses, jacobian, after }: Given, direction: readonly number[]): void {
    const { look } = this.#balancer;
    if (look === undefined) return;
    const length = Math.hypot(...direction);
    if (look.kind === "along-direction" && length === 0) return;
    const distances = look.kind === "after-step" ? [] : look.offsets.map((offset) => offset / length);
    const slopes = jacobian.map((row) => dot(row, direction));
    const looks =
      look.kind === "after-step" ? [after] : distances.map((distance) => losses.map((loss, i) => loss + distance * (slopes[i] ?? 0)));
    const seen = { tasks, step, epoch, losses, looks, distances };
    this.remembered = { ...this.remembered, state: this.#balancer.learn(seen, this.remembered.state) };
  }
}

/** Steps of random losses and gradients, three to an epoch, the same for a seed. `present` tells whose turn it is to have labels. */
export function randomSteps(seed: number, { tasks, steps, width = 12, present = () => true }: RandomSteps): readonly Given[] {
  const stream = RandomStream.seeded(seed, "steps");
  return Array.from({ length: steps }, (_, step): Given => {
    const rows = () => Array.from({ length: tasks }, (__, task) => Array.from({ length: width }, () => 10 ** (task % 3) * stream.normal()));
    const values = () => Array.from({ length: tasks }, () => 0.1 + 0.8 * stream.uniform());
    const own = Array.from({ length: tasks }, (__, task) => task).filter((task) => present(task, step));
    const of = <Value>(all: readonly Value[]): Value[] => all.filter((__, task) => own.includes(task));
    return {
      tasks: own,
      step,
      epoch: Math.floor(step / 3),
      losses: of(values()),
      jacobian: of(rows()),
      draws: [of(rows()), of(rows())],
      performance: of(values()),
      after: of(values()),
    };
  });
}

interface RandomSteps {
  readonly tasks: number;
  readonly steps: number;
  readonly width?: number;
  readonly present?: (task: number, step: number) => boolean;
}

/** Σ w_i row_i. */
export function combine(rows: readonly ArrayLike<number>[], weights: readonly number[]): number[] {
  return Array.from({ length: rows[0]?.length ?? 0 }, (_, j) => rows.reduce((sum, row, i) => sum + (weights[i] ?? 0) * (row[j] ?? 0), 0));
}

export function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0);
}

function products(a: Rows, b: Rows): number[][] {
  return a.map((row) => b.map((other) => dot(row, other)));
}
