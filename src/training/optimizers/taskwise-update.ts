import type { JacobianRow } from "../gradients/gram.ts";
import type { TrainedParameter } from "../trained-parameter.ts";
import type { CommonUpdate, Motion, MoveObserver } from "./common-update.ts";
import type { OptimizerMemory } from "./memory.ts";
import type { OptimizerSlot } from "./slot.ts";
import { keptShare, type WeightDecay } from "./weight-decay.ts";

interface Entry {
  readonly parameter: TrainedParameter;
  /** One a task of the reach. */
  readonly lanes: readonly { readonly task: number; readonly slot: OptimizerSlot; readonly update: Float32Array }[];
  readonly total: Float32Array;
  readonly applied: Float32Array;
}

/**
 * AdaTask (Yang et al., AAAI 2023, arXiv 2211.15055): accumulators of the optimizer for every task, θ ← θ − Σ_i w_i Δ_i.
 * An absent task leaves its accumulators and their step count. With one task it is the plain optimizer, bit for bit.
 * What each task moved is known exactly.
 */
export class TaskwiseUpdate implements CommonUpdate {
  readonly #entries: readonly Entry[];
  readonly #decay: WeightDecay;

  constructor(parameters: readonly TrainedParameter[], decay: WeightDecay, memory: OptimizerMemory, tasks: readonly string[]) {
    this.#decay = decay;
    this.#entries = parameters.map((parameter) => ({
      parameter,
      lanes: parameter.reach.map((task) => ({
        task,
        slot: memory.slot(`${parameter.name}@${tasks[task] ?? task}`, parameter.size),
        update: new Float32Array(parameter.size),
      })),
      total: new Float32Array(parameter.size),
      applied: new Float32Array(parameter.size),
    }));
  }

  apply({ tasks, weights, rows, rate }: Motion, moves: MoveObserver | undefined): JacobianRow {
    if (rows === undefined) throw new RangeError("Accumulators for every task need the gradient of every task.");
    return this.#entries.map((entry, index) => {
      const { parameter, lanes, total, applied } = entry;
      total.fill(0);
      const moved = lanes.map(({ task, slot, update }) => {
        const position = tasks.indexOf(task);
        const gradient = rows[position]?.[index];
        if (gradient === undefined) return undefined;
        slot.step(gradient, rate, update);
        weigh(update, weights[position] ?? 0);
        for (let i = 0; i < total.length; i++) total[i] = (total[i] ?? 0) + (update[i] ?? 0);
        return update;
      });
      moves?.observe(index, moved);
      if (moved.every((update) => update === undefined)) return undefined;
      parameter.move(total, keptShare(this.#decay, parameter.parameter.weight, rate));
      // A schedule may come down to 0, where nothing moves.
      const perRate = rate > 0 ? 1 / rate : 0;
      for (let i = 0; i < total.length; i++) applied[i] = (total[i] ?? 0) * perRate;
      return applied;
    });
  }
}

function weigh(update: Float32Array, weight: number): void {
  if (weight === 1) return;
  for (let i = 0; i < update.length; i++) update[i] = (update[i] ?? 0) * weight;
}
