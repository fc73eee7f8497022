import { z } from "zod";

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

/** What a method is told of the experiment once, before the first step. */
export interface BalancerContext {
  /** Number of all tasks, K. */
  readonly tasks: number;
  /** Constant weights from the tasks' own `weight` keys, 1 where none is given. */
  readonly taskWeights: readonly number[];
  /** Kinds of the tasks, for methods that treat them differently. */
  readonly kinds: readonly ("classification" | "regression")[];
}

/** A method with its options and context bound, ready to balance. Pure: state goes in and comes out. */
export interface PreparedBalancer {
  readonly balancer: Balancer;
  start(): BalancerState;
  /** Throws `RangeError` when the input lacks what the method needs. */
  weigh(input: StepInput, state: BalancerState): Weighing & { readonly state: BalancerState };
}

/** One balancing method, as the catalogue lists it. */
export interface Balancer {
  readonly id: string;
  readonly title: string;
  /** One sentence for completion and hover. */
  readonly summary: string;
  readonly family: "losses" | "norms" | "gram" | "gradients" | "optimizer" | "schedule";
  readonly needs: Need;
  readonly action: Action;
  readonly papers: readonly Paper[];
  readonly provenance: Provenance;
  /** What is known of a reconstructed method, and what was filled in: one line, shown wherever the method is. */
  readonly known?: string;
  /** True where a loss of 0 or below has no meaning for the method. */
  readonly positiveLosses?: boolean;
  readonly cost: Cost;
  /** The method's own options and `scale`; each with type, range, default and description. */
  readonly options: z.ZodObject;
  /** Optimizers it works with, where not with all. */
  readonly optimizers?: readonly ("sgd" | "adam" | "rmsprop" | "adagrad")[];
  /** Binds options (unparsed) and context. Throws `ZodError` for options that do not fit. */
  prepare(options: unknown, context: BalancerContext): PreparedBalancer;
}

/** How long the direction is, whatever the method: as in its paper, or with weights that sum to K or to 1. */
const scale = z
  .enum(["paper", "sum", "mean"])
  .default("paper")
  .describe("Length of the direction: as in the paper, or rescaled so that the weights sum to the number of tasks (sum) or to 1 (mean).");

type Scale = z.output<typeof scale>;

/** What a method's own file says; `defineBalancer` adds the option `scale`. */
export interface BalancerDefinition<Shape extends z.ZodRawShape> extends Omit<Balancer, "options" | "prepare"> {
  readonly options: z.ZodObject<Shape>;
  readonly start: (options: z.output<z.ZodObject<Shape>>, context: BalancerContext) => BalancerState;
  readonly weigh: (
    input: StepInput,
    state: BalancerState,
    options: z.output<z.ZodObject<Shape>>,
    context: BalancerContext,
  ) => Weighing & { readonly state: BalancerState };
}

/** Makes a catalogue entry of a method's definition. */
export function defineBalancer<Shape extends z.ZodRawShape>(definition: BalancerDefinition<Shape>): Balancer {
  const { options, start, weigh, ...facts } = definition;
  const scaleOption = z.object({ scale });
  const balancer: Balancer = {
    ...facts,
    options: z.strictObject({ ...options.shape, scale }),
    prepare(raw, context) {
      const checked = balancer.options.parse(raw);
      const chosen = options.parse(checked);
      const length = scaleOption.parse(checked).scale;
      return {
        balancer,
        start: () => start(chosen, context),
        weigh(input, state) {
          const result = weigh(input, state, chosen, context);
          return { ...result, weights: rescaled(result.weights, length) };
        },
      };
    },
  };
  return balancer;
}

/** Weights whose sum is not positive cannot be brought to a sum by a positive factor; they stay as they are. */
function rescaled(weights: readonly number[], length: Scale): readonly number[] {
  if (length === "paper") return weights;
  const sum = weights.reduce((total, weight) => total + weight, 0);
  if (!(sum > 0)) return weights;
  const factor = (length === "sum" ? weights.length : 1) / sum;
  return weights.map((weight) => weight * factor);
}

/** The part of the input that a method declared to need. Throws `RangeError` when the caller left it out. */
export function gramOf(input: StepInput): readonly (readonly number[])[] {
  if (input.gram === undefined)
    throw new RangeError("This method needs the Gram matrix of the task gradients, and the step came without it.");
  return input.gram;
}
