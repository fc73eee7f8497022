import { z } from "zod";
import type { SignMasking } from "./kernels/sign-masks.ts";
import type { Level, MethodFacts, Need } from "./method-facts.ts";

/** A vector over all common parameters, in the order of the model; 0 where the task does not reach. */
export type Vector = Float32Array | Float64Array;

/** Which step a method is asked about. Steps and epochs count from 0; `tasks` are the present ones, increasing. */
export interface Moment {
  readonly tasks: readonly number[];
  readonly step: number;
  readonly epoch: number;
}

/**
 * What a method sees of one step. An absent task (no label in the batch) is not in it: arrays have one entry per
 * present task and `tasks` tells which those are among all K.
 */
export interface StepInput extends Moment {
  /** Batch-mean losses of the present tasks. */
  readonly losses: readonly number[];
  /** Euclidean norms of the present tasks' gradients at the method's level; given for needs from `norms` up. */
  readonly norms?: readonly number[];
  /** Gram matrix `J Jᵀ` of the present tasks at the method's level, row-major; given for needs from `gram` up. */
  readonly gram?: readonly (readonly number[])[];
  /** `J₁ J₂ᵀ` of two further batches, row-major and not symmetric; given to methods with two `draws`. */
  readonly crossGram?: readonly (readonly number[])[];
  /** The gradients, one row a present task (or a task of `Demand.only`); given for the need `gradients`. Not to be changed. */
  readonly gradients?: readonly Vector[];
  /** How well each present task does on the batch, in [0, 1]; given to methods with `performance`. */
  readonly performance?: readonly number[];
  /** Vectors that the method kept of earlier steps. Not to be changed. */
  readonly buffers?: Buffers;
}

export type BalanceStatus =
  | "ok"
  | "stationary" // no direction helps every task; the weights give direction 0
  | "infeasible" // what the method asks of the direction cannot be had; it fell back to what its docstring says
  | "not-converged"; // the solver ran out of iterations; the weights are its best

export interface Weighing {
  /** One weight per present task; the direction is their combination of the gradients (or of `rows`). */
  readonly weights: readonly number[];
  readonly status: BalanceStatus;
  /** What the weights combine where it is not the gradients themselves: one row a present task. */
  readonly rows?: readonly Vector[];
  /** Factors of the heads' own losses, where heads see neither 1 nor the weights. */
  readonly headWeights?: readonly number[];
}

/** Numbers that a method remembers: plain data, so that a checkpoint can hold it. */
export type BalancerState = Readonly<Record<string, readonly number[]>>;

/** Vectors over all common parameters that a method remembers; the name tells the task, e.g. `mean/0`. */
export type Buffers = Readonly<Record<string, Float64Array>>;

/** Everything that a method remembers from step to step. */
export interface Remembered {
  readonly state: BalancerState;
  /** Left out: as they were. */
  readonly buffers?: Buffers;
}

/** What a method asks of one step, where it is less than it needs at other steps. */
export interface Demand {
  readonly needs: Need;
  /** The only tasks whose gradients count in this step; all present ones where left out. */
  readonly only?: readonly number[];
  /** False where a method that looks can do without at this step. */
  readonly look?: boolean;
}

/** Further forward passes on the same batch, with the same dropout masks and without moving any statistics. */
export type Look =
  | { readonly kind: "after-step" }
  /** At θ + o ‖θ‖/‖d‖ d for each offset o; d is the direction, θ the common parameters before the step. */
  | { readonly kind: "along-direction"; readonly offsets: readonly number[] };

/** What was seen there. */
export interface Seen extends Moment {
  /** Losses before the step. */
  readonly losses: readonly number[];
  /** Losses of each look, one entry a present task. */
  readonly looks: readonly (readonly number[])[];
  /** Factor of d at each look (`after-step`: none). */
  readonly distances: readonly number[];
}

/** Regularisation that belongs to a method as its authors use it. */
export interface Regularisation {
  /** λ of the term ½ λ ‖θ‖² that is added to the loss, for all parameters. */
  readonly weightDecay: number;
  /** Share of what the trunk hands over that is dropped while training. */
  readonly dropout: number;
  /** Epochs without a better validation after which training ends; 0: never. */
  readonly patience: number;
}

/** What a method is told of the experiment once, before the first step. */
export interface BalancerContext {
  /** Number of all tasks, K. */
  readonly tasks: number;
  readonly names: readonly string[];
  /** Constant weights from the tasks' own `weight` keys, 1 where none is given. */
  readonly taskWeights: readonly number[];
  /** Whether each task tells classes, of whatever kind, or numbers, for methods that treat them differently. */
  readonly kinds: readonly ("classification" | "regression")[];
  /** Seed of the method's own random draws. */
  readonly seed: number;
  /** Epochs that the training will take. */
  readonly epochs: number;
}

/** What there is to say of an option. */
export interface Remark {
  readonly option: string;
  readonly message: string;
}

/** How long a training will be. */
export interface Plan {
  readonly tasks: number;
  readonly epochs: number;
}

/** A method whose rows are the gradients with drawn signs masked (kernels/sign-masks.ts), and nothing else: so that they can be masked where they are. */
export interface SignDraws {
  readonly masking: SignMasking;
  /** For so many tasks and elements of each gradient: one draw an element, and what `weigh` would answer beside the rows. */
  draw(state: BalancerState, tasks: number, elements: number): Weighing & Remembered & { readonly bits: Uint32Array };
}

/** How a task's moving mean moves in one step: mean ← mean + rate (factor · gradient − mean). The rate is in (0, 1]. */
export interface MeanPace {
  readonly rate: number;
  readonly factor: number;
}

/**
 * A method whose rows, and only vectors, are moving means of the gradients (kernels/moving-means.ts), weighed by their products: so that they
 * can be kept and moved where the gradients are.
 */
export interface MeanTracking {
  /** One a present task, from `losses` and the gradients' `norms`. */
  paces(input: StepInput, state: BalancerState): readonly MeanPace[];
  /** What `weigh` would answer beside rows and buffers, with the products of the moved means as `gram`. */
  weigh(input: StepInput, state: BalancerState): Weighing & Remembered;
}

/** A method with its options and context bound, ready to balance. Pure: state goes in and comes out. */
export interface PreparedBalancer {
  readonly balancer: Balancer;
  readonly level: Level;
  /** Whether the optimizer keeps accumulators for every task (AdaTask), or one for the direction. */
  readonly accumulators: "shared" | "per-task";
  readonly look: Look | undefined;
  readonly signs: SignDraws | undefined;
  readonly means: MeanTracking | undefined;
  start(): BalancerState;
  demand(moment: Moment, state: BalancerState): Demand;
  /** Groups of the present tasks, each to be trained in a step of its own, one after the other; for the action `alternate`. */
  groups(moment: Moment, state: BalancerState): { readonly groups: readonly (readonly number[])[]; readonly state: BalancerState };
  /** Throws `RangeError` when the input lacks what the method needs. */
  weigh(input: StepInput, state: BalancerState): Weighing & Remembered;
  /** Takes in what the looks saw; for methods that look. */
  learn(seen: Seen, state: BalancerState): BalancerState;
}

/** One balancing method, as the catalogue lists it. */
export interface Balancer extends MethodFacts {
  /** The method's own options and `scale`; each with type, range, default and description. */
  readonly options: z.ZodObject;
  /** Regularisation that comes with these options (unparsed). */
  regularisation(options: unknown): Regularisation;
  /** Why these options (unparsed) do not fit these tasks, though each is right in itself; undefined where they do. */
  objection(options: unknown, names: readonly string[]): Remark | undefined;
  /** What in these options (unparsed) will come to nothing in a training of this length, though it can be done. */
  advice(options: unknown, plan: Plan): Remark | undefined;
  /** Binds options (unparsed) and context. Throws `ZodError` or `RangeError` for options that do not fit. */
  prepare(options: unknown, context: BalancerContext): PreparedBalancer;
}

/** How long the direction is, whatever the method: as in its paper, or with weights that sum to K or to 1. */
const scale = z
  .enum(["paper", "sum", "mean"])
  .default("paper")
  .describe("Length of the direction: as in the paper, or rescaled so that the weights sum to the number of tasks (sum) or to 1 (mean).");

type Scale = z.output<typeof scale>;
type Options<Shape extends z.ZodRawShape> = z.output<z.ZodObject<Shape>>;

/** What a method's own file says; `defineBalancer` adds the option `scale`. All but facts, options, start and weigh is for few methods. */
export interface BalancerDefinition<Shape extends z.ZodRawShape> extends MethodFacts {
  readonly options: z.ZodObject<Shape>;
  readonly start: (options: Options<Shape>, context: BalancerContext) => BalancerState;
  readonly weigh: (input: StepInput, state: BalancerState, options: Options<Shape>, context: BalancerContext) => Weighing & Remembered;
  readonly level?: (options: Options<Shape>) => Level;
  readonly accumulators?: (options: Options<Shape>) => "shared" | "per-task";
  readonly demand?: (moment: Moment, state: BalancerState, options: Options<Shape>, context: BalancerContext) => Demand;
  readonly groups?: (
    moment: Moment,
    state: BalancerState,
    options: Options<Shape>,
  ) => { readonly groups: readonly (readonly number[])[]; readonly state: BalancerState };
  readonly look?: (options: Options<Shape>) => Look;
  readonly signs?: {
    readonly masking: (options: Options<Shape>) => SignMasking;
    readonly draw: (state: BalancerState, elements: number) => { readonly bits: Uint32Array; readonly state: BalancerState };
  };
  readonly means?: {
    readonly paces: (input: StepInput, state: BalancerState, options: Options<Shape>) => readonly MeanPace[];
    readonly weigh: (input: StepInput, state: BalancerState, options: Options<Shape>) => Weighing & Remembered;
  };
  readonly learn?: (seen: Seen, state: BalancerState, options: Options<Shape>, context: BalancerContext) => BalancerState;
  readonly regularisation?: (options: Options<Shape>) => Regularisation;
  readonly objection?: (options: Options<Shape>, names: readonly string[]) => Remark | undefined;
  readonly advice?: (options: Options<Shape>, plan: Plan) => Remark | undefined;
}

/** Makes a catalogue entry of a method's definition. */
export function defineBalancer<Shape extends z.ZodRawShape>(definition: BalancerDefinition<Shape>): Balancer {
  const {
    options,
    start,
    weigh,
    level,
    accumulators,
    demand,
    groups,
    look,
    signs,
    means,
    learn,
    regularisation,
    objection,
    advice,
    ...facts
  } = definition;
  const scaleOption = z.object({ scale });
  const balancer: Balancer = {
    ...facts,
    options: z.strictObject({ ...options.shape, scale }),
    regularisation: (raw) => regularisation?.(chosenFrom(raw)) ?? { weightDecay: 0, dropout: 0, patience: 0 },
    objection: (raw, names) => objection?.(chosenFrom(raw), names),
    advice: (raw, plan) => advice?.(chosenFrom(raw), plan),
    prepare(raw, context) {
      const chosen = chosenFrom(raw);
      const length = scaleOption.parse(balancer.options.parse(raw)).scale;
      const refused = objection?.(chosen, context.names);
      if (refused !== undefined) throw new RangeError(`${refused.option}: ${refused.message}`);
      return {
        balancer,
        level: level?.(chosen) ?? "parameters",
        accumulators: accumulators?.(chosen) ?? (facts.action === "replace-update" ? "per-task" : "shared"),
        look: look?.(chosen),
        signs:
          signs === undefined
            ? undefined
            : {
                masking: signs.masking(chosen),
                draw: (state, tasks, elements) => ({
                  ...signs.draw(state, elements),
                  weights: rescaled(new Array<number>(tasks).fill(1), length),
                  status: "ok",
                }),
              },
        means:
          means === undefined
            ? undefined
            : {
                paces: (input, state) => means.paces(input, state, chosen),
                weigh: (input, state) => {
                  const answer = means.weigh(input, state, chosen);
                  return { ...answer, weights: rescaled(answer.weights, length) };
                },
              },
        start: () => start(chosen, context),
        demand: (moment, state) => demand?.(moment, state, chosen, context) ?? { needs: facts.needs },
        groups: (moment, state) => groups?.(moment, state, chosen) ?? { groups: [moment.tasks], state },
        weigh(input, state) {
          const result = weigh(input, state, chosen, context);
          const status = result.status === "ok" && facts.family === "gram" && comesToNothing(input, result) ? "stationary" : result.status;
          return { ...result, status, weights: rescaled(result.weights, length) };
        },
        learn: (seen, state) => learn?.(seen, state, chosen, context) ?? state,
      };
    },
  };
  const chosenFrom = (raw: unknown): Options<Shape> => options.parse(balancer.options.parse(raw));
  return balancer;
}

/** Whether the combination of the gradients is 0, as far as a Gram matrix in float64 can tell. */
function comesToNothing({ gram }: StepInput, { weights, rows }: Weighing): boolean {
  if (gram === undefined || rows !== undefined) return false;
  let [square, terms] = [0, 0];
  gram.forEach((row, i) => {
    row.forEach((value, j) => {
      const term = (weights[i] ?? 0) * (weights[j] ?? 0) * value;
      square += term;
      terms += Math.abs(term);
    });
  });
  return square <= 1e-15 * terms;
}

/** Weights of both signs are brought to that sum of sizes: their sum may be next to 0. Weights of 0 stay as they are. */
function rescaled(weights: readonly number[], length: Scale): readonly number[] {
  if (length === "paper") return weights;
  const sum = weights.reduce((total, weight) => total + Math.abs(weight), 0);
  if (!(sum > 0)) return weights;
  const factor = (length === "sum" ? weights.length : 1) / sum;
  return weights.map((weight) => weight * factor);
}

/** The Gram matrix, which the method declared to need. Throws `RangeError` when the caller left it out. */
export function gramOf(input: StepInput): readonly (readonly number[])[] {
  return required(input.gram, "the Gram matrix of the task gradients");
}

/** The norms of the task gradients. Throws `RangeError` when the caller left them out. */
export function normsOf(input: StepInput): readonly number[] {
  return required(input.norms, "the norms of the task gradients");
}

/** The task gradients. Throws `RangeError` when the caller left them out. */
export function gradientsOf(input: StepInput): readonly Vector[] {
  return required(input.gradients, "the task gradients");
}

/** `J₁ J₂ᵀ` of the two further batches. Throws `RangeError` when the caller left it out. */
export function crossGramOf(input: StepInput): readonly (readonly number[])[] {
  return required(input.crossGram, "the products of two further batches' gradients");
}

/** How well each task does. Throws `RangeError` when the caller left it out. */
export function performanceOf(input: StepInput): readonly number[] {
  return required(input.performance, "how well each task does");
}

function required<Part>(part: Part | undefined, what: string): Part {
  if (part === undefined) throw new RangeError(`This method needs ${what}, and the step came without.`);
  return part;
}
