import type { JacobianRow } from "../gradients/gram.ts";
import type { TrainedParameter } from "../trained-parameter.ts";
import type { OptimizerMemory } from "./memory.ts";
import { pacesOf } from "./pace-rule.ts";
import type { OptimizerSlot } from "./slot.ts";
import { keptShare, type WeightDecay } from "./weight-decay.ts";

/** What moves the common parameters in one step. */
export interface Motion {
  /** Present tasks, and their weights. */
  readonly tasks: readonly number[];
  readonly weights: readonly number[];
  /** Σ w_i g_i; an entry is undefined where no present task reaches the parameter. */
  readonly direction: JacobianRow;
  /** What the weights combine (gradients of the present tasks as a rule), where it is known one by one. */
  readonly rows: readonly JacobianRow[] | undefined;
  /** Learning rate of this step. */
  readonly rate: number;
}

/** Who is told what each task moved: one entry a task of the parameter's reach, undefined for one that moved nothing. */
export interface MoveObserver {
  observe(index: number, updates: readonly (Float32Array | undefined)[]): void;
}

/** The moves of several steps on one batch, added up and handed on as those of one. */
export class GatheredMoves implements MoveObserver {
  readonly #sums = new Map<number, (Float32Array | undefined)[]>();

  observe(index: number, updates: readonly (Float32Array | undefined)[]): void {
    const before = this.#sums.get(index) ?? [];
    this.#sums.set(
      index,
      updates.map((update, position) => {
        const sum = before[position];
        if (update === undefined) return sum;
        return sum === undefined ? update.slice() : sum.map((value, i) => value + (update[i] ?? 0));
      }),
    );
  }

  /** Every parameter is told of once, also where nothing was gathered. */
  handTo(observer: MoveObserver, parameters: readonly TrainedParameter[]): void {
    parameters.forEach(({ reach }, index) => {
      observer.observe(index, this.#sums.get(index) ?? reach.map(() => undefined));
    });
  }
}

/** How the common parameters move, with all state that this needs. */
export interface CommonUpdate {
  /**
   * Moves the parameters and returns the applied direction, per unit of learning rate. `moves` is told what each task moved;
   * this needs `rows`.
   */
  apply(motion: Motion, moves: MoveObserver | undefined): JacobianRow;
  /**
   * Tells `moves` what each task moved of one common parameter, after `apply`, from the gradients of the present tasks. Left out
   * where `apply` alone can tell.
   */
  attribute?(
    index: number,
    motion: Pick<Motion, "tasks" | "weights" | "rate">,
    gradients: readonly (Float32Array | undefined)[],
    moves: MoveObserver,
  ): void;
}

/** One optimizer for the combined direction. What a task moved is attributed through its shared accumulators. */
export class DirectionUpdate implements CommonUpdate {
  readonly #entries: readonly { readonly parameter: TrainedParameter; readonly slot: OptimizerSlot; readonly update: Float32Array }[];
  readonly #scratch: readonly Float32Array[];
  readonly #paces: Float64Array;
  readonly #decay: WeightDecay;

  constructor(parameters: readonly TrainedParameter[], decay: WeightDecay, memory: OptimizerMemory, tasks: number) {
    this.#decay = decay;
    this.#entries = parameters.map((parameter) => ({
      parameter,
      slot: memory.slot(parameter.name, parameter.size),
      update: new Float32Array(parameter.size),
    }));
    const largest = Math.max(0, ...parameters.map(({ size }) => size));
    this.#paces = new Float64Array(largest);
    this.#scratch = Array.from({ length: tasks }, () => new Float32Array(largest));
  }

  apply({ tasks, weights, direction, rows, rate }: Motion, moves: MoveObserver | undefined): JacobianRow {
    this.#entries.forEach(({ parameter, slot, update }, index) => {
      const gradient = direction[index];
      if (gradient !== undefined) {
        slot.step(gradient, rate, update);
        parameter.move(update, keptShare(this.#decay, parameter.parameter.weight, rate));
      }
      if (moves === undefined || rows === undefined) return;
      const gradients = rows.map((row) => row[index]);
      this.attribute(index, { tasks, weights, rate }, gradients, moves);
    });
    return direction;
  }

  attribute(
    index: number,
    { tasks, weights, rate }: Pick<Motion, "tasks" | "weights" | "rate">,
    gradients: readonly (Float32Array | undefined)[],
    moves: MoveObserver,
  ): void {
    const entry = this.#entries[index];
    if (entry === undefined) throw new RangeError(`There is no common parameter ${index}.`);
    const { parameter, slot } = entry;
    const paces = this.#paces.subarray(0, parameter.size);
    pacesOf(slot.pace(rate), slot.buffers["square"], paces);
    const parts = parameter.reach.map((task) => {
      const position = tasks.indexOf(task);
      const own = gradients[position];
      const part = this.#scratch[task]?.subarray(0, parameter.size);
      if (own === undefined || part === undefined) return undefined;
      const weight = weights[position] ?? 0;
      for (let i = 0; i < part.length; i++) part[i] = weight * (paces[i] ?? 0) * (own[i] ?? 0);
      return part;
    });
    moves.observe(index, parts);
  }
}
