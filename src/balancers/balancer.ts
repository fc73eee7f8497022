import type { z } from "zod";

/** What a method must be given at each step; the trainer computes no more than the greatest of them. */
export type Need =
  | "losses" // the K losses
  | "norms" // and the K gradient norms
  | "gram" // and the Gram matrix of the task gradients
  | "gradients"; // and the gradients themselves, element by element

/** How a method changes the parameters. */
export type Action =
  | "weigh-losses" // one backward pass of the weighted sum; heads see the weights too
  | "combine-gradients" // a direction for the common parameters from the per-task gradients
  | "replace-update"; // an update of its own in place of the optimizer's (AdaTask)

/** Where the equations come from; shown wherever the method's name is. */
export type Provenance = "paper" | "paper and code" | "reconstructed";

export interface Paper {
  readonly authors: string;
  readonly title: string;
  readonly venue: string;
  readonly year: number;
  readonly arxiv?: string;
}

export interface Cost {
  /** Backward passes a step, as a formula in K, e.g. `1` or `K`. */
  readonly backward: string;
  readonly forward: string;
  /** Floats kept beside those of plain training, as a formula in K and n. */
  readonly memory: string;
}

/**
 * What a method sees of one step. An absent task (no label in the batch) is not in it: arrays have one entry per
 * present task and `tasks` tells which those are.
 */
export interface StepInput {
  /** Indices of the present tasks among all K, increasing. */
  readonly tasks: readonly number[];
  /** Batch-mean losses of the present tasks. */
  readonly losses: readonly number[];
  /** Euclidean norms of the present tasks' gradients on the common parameters; given for needs from `norms` up. */
  readonly norms?: readonly number[];
  /** Gram matrix `J Jᵀ` of the present tasks, row-major; given for needs from `gram` up. */
  readonly gram?: readonly (readonly number[])[];
  readonly step: number;
  readonly epoch: number;
}

export type BalanceStatus =
  | "ok"
  | "stationary" // no direction helps every task; the weights give direction 0
  | "not-converged"; // the solver ran out of iterations; the weights are its best

export interface Weighing {
  /** One weight per present task; the direction is their combination of the gradients. */
  readonly weights: readonly number[];
  readonly status: BalanceStatus;
}

/** State of a method: plain data, so that a checkpoint can hold it. */
export type BalancerState = Readonly<Record<string, readonly number[]>>;

export interface BalancerContext {
  /** Number of all tasks, K. */
  readonly tasks: number;
  /** Constant weights from the tasks' own `weight` keys, 1 where none is given. */
  readonly taskWeights: readonly number[];
  /** Kinds of the tasks, for methods that treat them differently. */
  readonly kinds: readonly ("classification" | "regression")[];
}

/** One balancing method. Pure: state goes in and comes out, nothing is kept. */
export interface Balancer<Options = never> {
  readonly id: string;
  readonly title: string;
  /** One sentence for completion and hover. */
  readonly summary: string;
  readonly family: "losses" | "norms" | "gram" | "gradients" | "optimizer" | "schedule";
  readonly needs: Need;
  readonly action: Action;
  readonly papers: readonly Paper[];
  readonly provenance: Provenance;
  readonly cost: Cost;
  readonly options: z.ZodType<Options>;
  /** Optimizers it works with, where not with all. */
  readonly optimizers?: readonly ("sgd" | "adam" | "rmsprop" | "adagrad")[];
  start(context: BalancerContext, options: Options): BalancerState;
  weigh(input: StepInput, state: BalancerState, options: Options, context: BalancerContext): Weighing & { readonly state: BalancerState };
}

