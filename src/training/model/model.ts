import type { Tensor, Variable } from "@tensorflow/tfjs-core";

/** One trainable tensor of a model. `name` is `<layer>.<weight>` and unique. */
export interface ModelParameter {
  readonly name: string;
  readonly layer: string;
  readonly weight: string;
  readonly variable: Variable;
  /** What the builder declares: part of the trunk, or of one task's head. Reach is computed and compared with it. The user's own code declares nothing. */
  readonly declared: { readonly part: "trunk" } | { readonly part: "head"; readonly task: string } | { readonly part: "undeclared" };
}

/** A network with one input or several, a shared trunk and one output a task. Owns its variables. */
export interface MultiTaskModel {
  readonly parameters: readonly ModelParameter[];
  /** State that training changes without gradients (moving statistics), by unique name. Checkpoints hold it. */
  readonly statistics: readonly { readonly name: string; readonly variable: Variable }[];
  /**
   * Outputs of all tasks in their order, as their kinds have them: logits `[batch, classes]`, numbers `[batch, components]`, …
   * `inputs` are `[batch, ...shape]`, in the order of the data set. In training mode, dropout draws its masks from the model's random stream.
   */
  forward(inputs: readonly Tensor[], training: boolean): readonly Tensor[];
  /** Whether a forward pass may depend on more than inputs, parameters, statistics and the noise stream. */
  readonly mayVary?: boolean;
  /**
   * Until told otherwise, these layers run as in inference also in training: their normalisation uses its moving statistics and keeps
   * them. Gradients are the caller's affair.
   */
  freeze(layers: ReadonlySet<string>): void;
  dispose(): void;
}
