/** What a method must be given at each step; the trainer computes no more than the greatest of them. */
export type Need =
  | "losses" // the K losses
  | "norms" // and the K gradient norms
  | "gram" // and the Gram matrix of the task gradients
  | "gradients"; // and the gradients themselves, element by element

/** By what the losses are differentiated for the norms or the Gram matrix. */
export type Level =
  | "parameters" // all common parameters
  | "last-layer" // the parameters of the last common layer alone
  | "representation"; // what the trunk hands to the heads, flattened over batch and features

/** How a method changes the parameters. */
export type Action =
  | "weigh-losses" // one backward pass of the weighted sum; heads see the weights too
  | "combine-gradients" // a direction for the common parameters from the per-task gradients
  | "replace-update" // an update of its own in place of the optimizer's (AdaTask)
  | "alternate"; // several steps on one batch, a group of tasks each

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

/** `partly` comes with a note that says when. */
export type Holds = "yes" | "no" | "partly";

/** What is known of the direction d with default options, for all Jacobians J of full rank. What says `yes` is tested. */
export interface Properties {
  /** J d ≥ 0: no task is hurt to first order. */
  readonly nonConflicting: Holds;
  /** A positive factor before a task's loss leaves the direction of d as it is. */
  readonly scaleFree: Holds;
  /** A common factor s before all losses makes d longer by s to this power; undefined where it does something else. */
  readonly length?: number;
  /** Without a conflict between any two tasks, d is the sum of the gradients, or their mean. */
  readonly sumWithoutConflict: Holds;
  /** The order of the tasks does not matter. */
  readonly orderFree: Holds;
  /** When what is `partly` holds. */
  readonly note?: string;
}

/** Everything about a method that needs no step to be known. */
export interface MethodFacts {
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
  /** What would settle how a reconstructed method really goes. */
  readonly settledBy?: string;
  /** True where a loss of 0 or below has no meaning for the method. */
  readonly positiveLosses?: boolean;
  /** True where the method reads the losses, though what it needs is more. */
  readonly readsLosses?: boolean;
  /** True where the method asks how well each task does on the batch, between 0 and 1. */
  readonly performance?: boolean;
  /** Independent further batches whose Jacobians the method compares. */
  readonly draws?: number;
  readonly cost: Cost;
  readonly properties?: Properties;
  /** Optimizers it works with, where not with all. */
  readonly optimizers?: readonly ("sgd" | "adam" | "adamw" | "rmsprop" | "adagrad")[];
}
