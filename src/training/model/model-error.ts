import type { CheckCode } from "../../experiment/codes.ts";

export interface ModelProblem {
  readonly code: CheckCode;
  /** What is wrong, with the shapes expected and found, and what to do. */
  readonly message: string;
  /** Path of the layer's entry in the experiment file, e.g. `["model", "trunk", 2]`. */
  readonly path: readonly (string | number)[];
}

/** The network cannot be built as the experiment describes it. */
export class ModelError extends Error implements ModelProblem {
  override readonly name = "ModelError";
  readonly code: CheckCode;
  readonly path: readonly (string | number)[];

  constructor(problem: ModelProblem) {
    super(problem.message);
    this.code = problem.code;
    this.path = problem.path;
  }
}
