import type { Tensor, Variable } from "@tensorflow/tfjs-core";
import type { MultiTaskModel } from "./model.ts";

/** Moving statistics as they were when it was made. Lives within the tensor scope in which it was made. */
export class StatisticsSnapshot {
  readonly #kept: readonly { readonly variable: Variable; readonly values: Tensor }[];

  constructor(statistics: MultiTaskModel["statistics"]) {
    this.#kept = statistics.map(({ variable }) => ({ variable, values: variable.clone() }));
  }

  restore(): void {
    for (const { variable, values } of this.#kept) variable.assign(values);
  }
}
