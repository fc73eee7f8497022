import type { Dominance } from "../dominance.ts";
import type { JacobianRow } from "../gradients/gram.ts";
import type { TrainedParameter } from "../trained-parameter.ts";
import type { Optimizer } from "./optimizer.ts";
import type { OptimizerSlot } from "./slot.ts";

/** What moves the common parameters in one step. */
export interface Motion {
  /** Present tasks, and their weights. */
  readonly tasks: readonly number[];
  readonly weights: readonly number[];
  /** Σ w_i g_i; an entry is undefined where no present task reaches the parameter. */
  readonly direction: JacobianRow;
  /** Gradients of the present tasks, where they were computed one by one. */
  readonly rows: readonly JacobianRow[] | undefined;
}

/** How the common parameters move, with all state that this needs. */
export interface CommonUpdate {
  /**
   * Moves the parameters and returns the applied direction, per unit of learning rate. A measurement of ownership that was
   * begun is fed with what each task moved; this needs `rows`.
   */
  apply(motion: Motion, dominance: Dominance | undefined): JacobianRow;
  /** Every slot by a name that is the same in every run of the experiment. */
  slots(): ReadonlyMap<string, OptimizerSlot>;
}

/** One optimizer for the combined direction. What a task moved is attributed through its shared accumulators. */
export class DirectionUpdate implements CommonUpdate {
  readonly #entries: readonly { readonly parameter: TrainedParameter; readonly slot: OptimizerSlot; readonly update: Float32Array }[];
  readonly #scratch: readonly Float32Array[];

  constructor(parameters: readonly TrainedParameter[], optimizer: Optimizer, tasks: number) {
    this.#entries = parameters.map((parameter) => ({
      parameter,
      slot: optimizer.slot(parameter.size),
      update: new Float32Array(parameter.size),
    }));
    const largest = Math.max(0, ...parameters.map(({ size }) => size));
    this.#scratch = Array.from({ length: tasks }, () => new Float32Array(largest));
  }

  apply({ tasks, weights, direction, rows }: Motion, dominance: Dominance | undefined): JacobianRow {
    this.#entries.forEach(({ parameter, slot, update }, index) => {
      const gradient = direction[index];
      if (gradient !== undefined) {
        slot.step(gradient, update);
        parameter.subtract(update);
      }
      if (dominance === undefined || rows === undefined) return;
      const parts = parameter.reach.map((task) => {
        const position = tasks.indexOf(task);
        const own = rows[position]?.[index];
        const part = this.#scratch[task]?.subarray(0, parameter.size);
        if (own === undefined || part === undefined) return undefined;
        slot.attribute(own, weights[position] ?? 0, part);
        return part;
      });
      dominance.observe(index, parts);
    });
    return direction;
  }

  slots(): ReadonlyMap<string, OptimizerSlot> {
    return new Map(this.#entries.map(({ parameter, slot }) => [parameter.name, slot]));
  }
}
