import { contextOf } from "../context.ts";
import { resolveBalancer } from "../../../../src/balancers/catalogue.ts";
import type { BalancerState, Buffers, PreparedBalancer, StepInput, Weighing } from "../../../../src/balancers/balancer.ts";

export type Pair = readonly [number, number];

/** Losses and gradients of the two objectives at one point. */
export interface Evaluation {
  readonly losses: Pair;
  readonly gradients: readonly [Pair, Pair];
}

/**
 * The two-objective toy of CAGrad, Nash-MTL, FAMO and Aligned-MTL, in the form that their code shares:
 *
 *   L1 = f1 c1 + q1 c2,  L2 = f2 c1 + q2 c2,   c1 = max(tanh(x2 / 2), 0),  c2 = max(tanh(−x2 / 2), 0)
 *
 * Above x2 = 0 two narrow valleys, below it two bowls. The front: x1 in [−7, 7], x2 ≈ −8.355; there both losses are negative.
 */
export function twoObjectives([x1, x2]: Pair): Evaluation {
  const [bent, slope] = [Math.tanh(-x2), Math.tanh(-x2) ** 2 - 1];
  const first = logarithm(0.5 * (-x1 - 7) - bent, [-0.5, -slope]);
  const second = logarithm(0.5 * (-x1 + 3) + bent + 2, [-0.5, slope]);
  const bowl1 = bowl(x1 - 7, x2);
  const bowl2 = bowl(x1 + 7, x2);
  const gate = Math.tanh(0.5 * x2);
  const rise = 0.5 * (1 - gate * gate);
  const [upper, lower] = [Math.max(gate, 0), Math.max(-gate, 0)];
  // On the kink itself, where one of the papers' starts lies, their autograd gives each side half.
  const [upperRise, lowerRise] = gate === 0 ? [0.5 * rise, -0.5 * rise] : gate > 0 ? [rise, 0] : [0, -rise];
  const mix = (f: Term, q: Term): readonly [number, Pair] => [
    f.value * upper + q.value * lower,
    [f.slope[0] * upper + q.slope[0] * lower, f.slope[1] * upper + q.slope[1] * lower + f.value * upperRise + q.value * lowerRise],
  ];
  const [loss1, gradient1] = mix(first, bowl1);
  const [loss2, gradient2] = mix(second, bowl2);
  return { losses: [loss1, loss2], gradients: [gradient1, gradient2] };
}

interface Term {
  readonly value: number;
  readonly slope: Pair;
}

/** `ln(max(|inner|, 5e-6)) + 6`; flat where the bound holds. */
function logarithm(inner: number, slope: Pair): Term {
  const size = Math.abs(inner);
  if (size <= 5e-6) return { value: Math.log(5e-6) + 6, slope: [0, 0] };
  return { value: Math.log(size) + 6, slope: [slope[0] / inner, slope[1] / inner] };
}

function bowl(away: number, x2: number): Term {
  return { value: (away ** 2 + 0.1 * (x2 + 8) ** 2) / 10 - 20, slope: [0.2 * away, 0.02 * (x2 + 8)] };
}

/** Which settings of the papers. */
export interface Descent {
  readonly method: string;
  readonly options?: object;
  readonly start: Pair;
  readonly steps: number;
  /** Of Adam; 1e-3 in all papers. */
  readonly learningRate?: number;
  /** Factors of the losses, for the method and the answer: (0.1, 1) in the setting of Nash-MTL and FAMO. */
  readonly factors?: Pair;
  readonly seed?: number;
}

/** Starting points of the papers' settings. */
export const cagradStarts: readonly Pair[] = [
  [-8.5, 7.5],
  [-8.5, -5],
  [9, 9],
];
export const nashStarts: readonly Pair[] = [
  [-8.5, 7.5],
  [0, 0],
  [9, 9],
  [-7.5, -0.5],
  [9, -1],
];

/** Where Adam ends when a method chooses the direction. The losses have their factors. */
export function descend(descent: Descent): { readonly position: Pair; readonly losses: Pair } {
  const { method, options = {}, start, steps, learningRate = 1e-3, factors = [1, 1], seed = 0 } = descent;
  const prepared = resolveBalancer(method).balancer.prepare(options, contextOf(2, { seed, epochs: steps }));
  const played = new Played(prepared, factors);
  let position = start;
  const [mean, square] = [
    [0, 0],
    [0, 0],
  ];
  for (let step = 0; step < steps; step++) {
    const direction = played.direction(position, step);
    position = moved(position, direction, mean, square, step + 1, learningRate);
    played.look(position, step);
  }
  return { position, losses: scaled(twoObjectives(position), factors).losses };
}

/** On the Pareto front, as far as the toy's outcomes are told apart. */
export function onFront([x1, x2]: Pair): boolean {
  return Math.abs(x2 + 8.355) < 0.1 && x1 >= -7.01 && x1 <= 7.01;
}

/** A method and what it remembers, on the toy. */
class Played {
  readonly #balancer: PreparedBalancer;
  readonly #factors: Pair;
  #state: BalancerState;
  #buffers: Buffers = {};
  #losses: Pair = [0, 0];

  constructor(balancer: PreparedBalancer, factors: Pair) {
    this.#balancer = balancer;
    this.#factors = factors;
    this.#state = balancer.start();
  }

  direction(position: Pair, step: number): Pair {
    const { losses, gradients } = scaled(twoObjectives(position), this.#factors);
    const moment = { tasks: [0, 1], step, epoch: step };
    const { needs, only } = this.#balancer.demand(moment, this.#state);
    const gram = gradients.map((row) => gradients.map((other) => row[0] * other[0] + row[1] * other[1]));
    const input: StepInput = {
      ...moment,
      losses,
      buffers: this.#buffers,
      norms: gram.map((row, i) => Math.sqrt(row[i] ?? 0)),
      gram,
      crossGram: gram,
      ...(needs === "gradients"
        ? { gradients: gradients.filter((_, i) => only?.includes(i) ?? true).map((row) => Float64Array.from(row)) }
        : {}),
    };
    const answer = this.#balancer.weigh(input, this.#state);
    this.#state = answer.state;
    this.#buffers = answer.buffers ?? this.#buffers;
    this.#losses = losses;
    return directionOf(answer, gradients);
  }

  /** The same losses after the step, for methods that look there. */
  look(position: Pair, step: number): void {
    if (this.#balancer.look?.kind !== "after-step") return;
    const { losses } = scaled(twoObjectives(position), this.#factors);
    const seen = { tasks: [0, 1], step, epoch: step, losses: this.#losses, looks: [losses], distances: [] };
    this.#state = this.#balancer.learn(seen, this.#state);
  }
}

function directionOf({ weights, rows }: Weighing, gradients: readonly [Pair, Pair]): Pair {
  const combined: readonly ArrayLike<number>[] = rows ?? gradients;
  const along = (axis: 0 | 1) => combined.reduce((sum, row, i) => sum + (weights[i] ?? 0) * (row[axis] ?? 0), 0);
  return [along(0), along(1)];
}

function scaled({ losses, gradients }: Evaluation, [a, b]: Pair): Evaluation {
  const [first, second] = gradients;
  return {
    losses: [losses[0] * a, losses[1] * b],
    gradients: [
      [first[0] * a, first[1] * a],
      [second[0] * b, second[1] * b],
    ],
  };
}

/** Adam with its usual constants; `mean` and `square` are changed in place. */
function moved(position: Pair, direction: Pair, mean: number[], square: number[], count: number, learningRate: number): Pair {
  const one = (i: 0 | 1) => {
    const m = 0.9 * (mean[i] ?? 0) + 0.1 * direction[i];
    const v = 0.999 * (square[i] ?? 0) + 0.001 * direction[i] ** 2;
    mean[i] = m;
    square[i] = v;
    return position[i] - (learningRate * (m / (1 - 0.9 ** count))) / (Math.sqrt(v / (1 - 0.999 ** count)) + 1e-8);
  };
  return [one(0), one(1)];
}
