import { matMul, tensor2d, tidy } from "@tensorflow/tfjs-core";
import type { Buffers, MeanPace } from "../../balancers/balancer.ts";
import { maskedSum } from "../../balancers/kernels/sign-masks.ts";
import { combine } from "../gradients/gram.ts";
import { keptShare } from "../optimizers/weight-decay.ts";
import type { OptimizerSlot } from "../optimizers/slot.ts";
import type { HeldAccumulators } from "../passes/held-gradients.ts";
import type { TrainedParameter } from "../trained-parameter.ts";
import { TrainingError } from "../training-error.ts";
import { agrees, tolerance } from "./agreement.ts";
import type { Distrust } from "./checked-graph.ts";
import { CheckedMeans, type MovedMeans } from "./checked-means.ts";
import { piecesOf } from "./held-nodes.ts";
import type { PackedTensors } from "./means-graph.ts";
import type { NativeBackend } from "./native-binding.ts";
import { UpdateGraph, wayOf, type HeldTensors, type UpdateMotion, type UpdateResult } from "./update-graph.ts";
import type { UpdateParts } from "./update-layout.ts";

/** Rounding of a number in single precision, as a share of it. */
const unit = 2 ** -23;
/** After so many motions that were right, but too small to tell much, a way is trusted. */
const mostCompared = 50;

/** A slot: what its accumulators were, and what the optimizer makes of them. */
interface TriedLane {
  readonly slot: OptimizerSlot;
  readonly before: OptimizerSlot["buffers"];
  readonly after: OptimizerSlot["buffers"];
}

/** A parameter: what it was, and what its slots make of it. */
interface Trial {
  readonly parameter: TrainedParameter;
  readonly before: Float32Array;
  readonly after: Float32Array;
  readonly lanes: readonly TriedLane[];
}

/**
 * The optimizer as a graph, opened with its first motion and compared for each way that a motion can take, until a motion could have told,
 * with what the optimizer's slots compute. Where it differs, or cannot be opened, nothing is moved, then and from then on.
 */
export class CheckedUpdate {
  readonly #native: NativeBackend;
  readonly #parts: UpdateParts;
  readonly #distrust: Distrust;
  readonly #trusted = new Set<string>();
  /** How often a way was compared, until it was trusted. */
  readonly #compared = new Map<string, number>();
  #graph: UpdateGraph | undefined;
  #means: CheckedMeans | undefined;

  constructor(native: NativeBackend, parts: UpdateParts, distrust: Distrust) {
    this.#native = native;
    this.#parts = parts;
    this.#distrust = distrust;
  }

  /** Undefined, with nothing changed, where it cannot be relied on. */
  move(gradients: HeldTensors, motion: UpdateMotion): UpdateResult | undefined {
    const way = `update ${wayOf(gradients, motion)}${[...gradients.factors.keys()].map((id) => ` ${String(id)} from factors`).join("")}`;
    if (this.#distrust.has(way)) return undefined;
    const graph = this.#open(way);
    if (graph === undefined) return undefined;
    if (this.#trusted.has(way)) return graph.move(gradients, motion);
    const trials = this.#trials(gradients, motion);
    let made: UpdateResult;
    try {
      made = graph.move(gradients, motion);
    } catch (error) {
      // Only the graph has failed: parameters and slots are as they were.
      graph.abandon();
      this.#distrust.add(way, reasonOf(error));
      return undefined;
    }
    this.#parts.memory.recall();
    if (trials.every((trial) => isMet(trial))) {
      const compared = (this.#compared.get(way) ?? 0) + 1;
      this.#compared.set(way, compared);
      if (compared >= mostCompared || (motion.rate > 0 && trials.every((trial) => isTelling(trial)))) this.#trusted.add(way);
      return made;
    }
    this.#distrust.add(way, "its update is not the optimizer's");
    for (const { parameter, before, lanes } of trials) {
      parameter.set(before);
      for (const lane of lanes) {
        lane.slot.count -= 1;
        for (const [name, values] of Object.entries(lane.before)) lane.slot.buffers[name]?.set(values);
      }
    }
    return undefined;
  }

  /** Moving means of packed gradients; undefined, with nothing changed, where they cannot be relied on. */
  track(gradients: PackedTensors, means: Buffers, paces: readonly MeanPace[]): MovedMeans | undefined {
    this.#means ??= new CheckedMeans(this.#native, this.#parts, this.#distrust);
    return this.#means.move(gradients, means, paces);
  }

  get common(): readonly TrainedParameter[] {
    return this.#parts.common;
  }

  /** By common parameter, after a motion along a direction. */
  accumulators(): readonly HeldAccumulators[] {
    if (this.#graph === undefined) throw new RangeError("Nothing has been moved.");
    return this.#graph.accumulators();
  }

  dispose(): void {
    this.#graph?.dispose();
    this.#graph = undefined;
    this.#means?.dispose();
    this.#means = undefined;
  }

  #open(way: string): UpdateGraph | undefined {
    try {
      this.#graph ??= new UpdateGraph(this.#native, this.#parts);
    } catch (error) {
      this.#distrust.add(way, error instanceof Error ? error.message : String(error));
    }
    return this.#graph;
  }

  #trials(gradients: HeldTensors, motion: UpdateMotion): readonly Trial[] {
    const { weights, ownedWeights, rate } = motion;
    const { common, owned, taskwise } = this.#parts;
    const trial = (parameter: TrainedParameter, parts: readonly { slot: string; gradient: Float32Array; weight: number }[]): Trial => {
      const before = parameter.values.slice();
      const kept = keptShare(this.#parts.optimizer.weightDecay, parameter.parameter.weight, rate);
      const after = before.map((value) => kept * value);
      const lanes = parts.map(({ slot, gradient, weight }) => this.#lane(slot, gradient, { weight, rate }, after));
      return { parameter, before, after, lanes };
    };
    return [
      ...common.map((parameter, index) => {
        const { name, id, reach } = parameter;
        if (taskwise !== undefined) {
          const parts = reach.map((task) => ({
            slot: `${name}@${taskwise[task] ?? task}`,
            gradient: this.#read(gradients.apart.get(id)?.[task]),
            weight: weights[task] ?? 0,
          }));
          return trial(parameter, parts);
        }
        return trial(parameter, [{ slot: name, gradient: this.#combined(parameter, gradients, motion, index), weight: 1 }]);
      }),
      ...owned.map((parameter) => {
        const weight = ownedWeights[parameter.reach[0] ?? -1] ?? 0;
        const gradient = combine([[this.#read(gradients.ids.get(parameter.id))]], [weight], 1)[0] ?? new Float32Array(0);
        return trial(parameter, [{ slot: parameter.name, gradient, weight: 1 }]);
      }),
    ];
  }

  #combined(
    { id, size }: TrainedParameter,
    { common, ids, factors }: HeldTensors,
    { weights, share, signs }: UpdateMotion,
    index: number,
  ): Float32Array {
    const values = this.#read(ids.get(id));
    const bits = signs?.bits[index];
    if (signs !== undefined && bits !== undefined) {
      const sum = new Float32Array(size);
      const rows = weights.map((_, task) => combined(values, weights.map((__, other) => (other === task ? 1 : 0)), piecesOf(size).length)); // prettier-ignore
      maskedSum(rows, weights, signs.masking, bits, sum);
      return sum;
    }
    if (common === "summed") return share === 1 ? values : values.map((value) => share * value);
    const input = factors.get(id);
    if (input === undefined) return combined(values, weights, piecesOf(size).length);
    const first = this.#read(input);
    // (rows · inputs) (rows · columns) = rows² · size
    const rows = Math.round(Math.sqrt((first.length * values.length) / weights.length / size));
    const columns = values.length / weights.length / rows;
    return multiplied(first, combined(values, weights, columns), rows);
  }

  /** Subtracts the step from `values`. */
  #lane(name: string, gradient: Float32Array, { weight, rate }: { weight: number; rate: number }, values: Float32Array): TriedLane {
    const { memory, optimizer } = this.#parts;
    const slot = memory.slot(name, values.length);
    const other = optimizer.slot(values.length);
    other.count = slot.count;
    for (const [buffer, numbers] of Object.entries(slot.buffers)) other.buffers[buffer]?.set(numbers);
    const before = copied(slot.buffers);
    const update = new Float32Array(values.length);
    other.step(gradient, rate, update);
    for (let i = 0; i < values.length; i++) values[i] = (values[i] ?? 0) - weight * (update[i] ?? 0);
    return { slot, before, after: other.buffers };
  }

  #read(id: number | undefined): Float32Array {
    const values = this.#native.binding.tensorDataSync(id ?? -1);
    if (values instanceof Float32Array) return values;
    throw new TypeError("A gradient is not made of 32-bit floats.");
  }
}

/** Σ w_i g_i of gradients that are packed as `[pieces, tasks, length]`. */
function combined(packed: Float32Array, weights: readonly number[], length: number): Float32Array {
  const tasks = weights.length;
  return Float32Array.from({ length: packed.length / tasks }, (_, element) => {
    const start = Math.floor(element / length) * length * tasks + (element % length);
    return weights.reduce((sum, weight, task) => sum + weight * (packed[start + task * length] ?? 0), 0);
  });
}

/** Hᵀ D of `[rows, …]` each, by an operation of its own. */
function multiplied(first: Float32Array, second: Float32Array, rows: number): Float32Array {
  return tidy(() =>
    matMul(tensor2d(first, [rows, first.length / rows]), tensor2d(second, [rows, second.length / rows]), true).dataSync<"float32">(),
  );
}

function copied(buffers: OptimizerSlot["buffers"]): OptimizerSlot["buffers"] {
  return Object.fromEntries(Object.entries(buffers).map(([name, values]) => [name, values.slice()]));
}

/** Up to what rounding explains: of the motion, and of the parameter that it is subtracted from. */
function isMet({ parameter, before, after, lanes }: Trial): boolean {
  return (
    distance(parameter.values, after) <= tolerance * distance(after, before) + unit * distance(before) &&
    lanes.every((lane) => Object.entries(lane.after).every(([name, buffer]) => agrees([buffer], [lane.slot.buffers[name]])))
  );
}

/** Whether a wrong update would have shown: the parameter has moved by more than rounding, from accumulators that were not 0. */
function isTelling({ before, after, lanes }: Trial): boolean {
  const moved = distance(after, before);
  return (moved === 0 || moved > 100 * unit * distance(before)) && lanes.every(({ slot }) => slot.count > 1);
}

/** ‖a − b‖, or ‖a‖. */
function distance(a: Float32Array, b?: Float32Array): number {
  return Math.sqrt(a.reduce((sum, value, i) => sum + (value - (b?.[i] ?? 0)) ** 2, 0));
}

/** What TensorFlow itself says: nothing that the optimizer remembers was lost. */
function reasonOf(error: unknown): string {
  const told = error instanceof TrainingError && error.cause instanceof Error ? error.cause : error;
  return told instanceof Error ? told.message.replace(/\.$/, "") : String(told);
}
