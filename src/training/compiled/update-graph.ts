import type { Tensor } from "@tensorflow/tfjs-core";
import type { HeldAccumulators, HeldSigns } from "../passes/held-gradients.ts";
import { TrainingError } from "../training-error.ts";
import type { TrainedParameter } from "../trained-parameter.ts";
import { piecesOf } from "./held-nodes.ts";
import { isWeighted, motionKind, type CommonCourse, type MotionKind } from "./motion-kind.ts";
import type { NativeBackend, NativeTensor } from "./native-binding.ts";
import { NativeGraph } from "./native-graph.ts";
import { readOnce } from "./read-once.ts";
import { apartFeed, feeds, layOut, type Added, type Moved, type Start, type UpdateParts } from "./update-layout.ts";
import { coefficientsOf } from "./update-nodes.ts";

/** Gradients that TensorFlow has, by the numbers of their tensors. */
export interface HeldTensors {
  /** The tasks' own are packed where they are combined. */
  readonly common: CommonCourse;
  /** By variable id. */
  readonly ids: ReadonlyMap<number, number>;
  /** By variable id, of packed gradients that are left as factors: the first factor; the second ones are packed in their place. */
  readonly factors: ReadonlyMap<number, number>;
  /** Those that are apart, by variable id and task; undefined out of the parameter's reach. */
  readonly apart: ReadonlyMap<number, readonly (number | undefined)[]>;
}

export interface UpdateMotion {
  /** Of gradients that are no sum, or of what they come to where they are apart. */
  readonly weights: readonly number[];
  /** Of what each loss gives the parameters that it alone reaches. */
  readonly ownedWeights: readonly number[];
  /** What is left of a sum. */
  readonly share: number;
  readonly signs?: HeldSigns | undefined;
  readonly rate: number;
  /** What tells what each task moves is asked for. */
  readonly asksMoves?: boolean;
}

/** What came of a motion. */
export interface UpdateResult {
  /** As in `HeldMove`. */
  readonly square?: number;
  /** By common parameter, where the tasks move by themselves and it was asked for. */
  readonly added?: readonly AddedTensors[];
}

/** What a motion has added to a parameter, but for weight decay. They live as long as the tensor scope. */
export interface AddedTensors {
  /** By position in the reach. */
  readonly each: readonly Tensor[];
  readonly total: Tensor;
}

/** What the session holds of a parameter: its version, and the steps that its slots had taken. */
interface Held {
  readonly version: number;
  readonly counts: readonly number[];
}

/** What the gradients of common parameters are fed as; where they are apart, each has its own. */
const commonFeeds = { combined: feeds.common, summed: feeds.summed, apart: undefined } as const;

function held({ version }: TrainedParameter, lanes: Moved["lanes"]): Held {
  return { version, counts: lanes.map(({ slot }) => slot.count) };
}

/**
 * The optimizer as a graph of TensorFlow's: a session that keeps parameters and accumulators as variables and moves them where they are.
 * The parameters are told to their `TrainedParameter` after every motion; the accumulators stay until somebody asks for them
 * (`OptimizerMemory.recall`).
 */
export class UpdateGraph {
  readonly #native: NativeBackend;
  readonly #parts: UpdateParts;
  readonly #graph: NativeGraph;
  readonly #moved: readonly Moved[];
  /** What a variable of the session has taken in, once it was fed. */
  readonly #starts: readonly Start[];
  /** By the kind of motion, ½ ‖what was added to the common parameters‖². */
  readonly #squares: ReadonlyMap<MotionKind, string>;
  readonly #holds = new Map<TrainedParameter, Held>();
  #isLent = false;
  #failure: Error | undefined;

  /** Throws the binding's own error where TensorFlow refuses the graph. */
  constructor(native: NativeBackend, parts: UpdateParts) {
    this.#native = native;
    this.#parts = parts;
    const { nodes, moved, starts, squares } = layOut(parts);
    this.#moved = moved;
    this.#starts = starts;
    this.#squares = squares;
    this.#graph = NativeGraph.load(native.binding, nodes);
  }

  /** Moves all parameters, and counts it. */
  move(gradients: HeldTensors, motion: UpdateMotion): UpdateResult {
    this.#take();
    const kind = wayOf(gradients, motion);
    const { optimizer, common, owned } = this.#parts;
    const { binding } = this.#native;
    const made: number[] = [];
    const vector = (values: readonly number[]): number => {
      const id = binding.createTensor([values.length], binding.TF_FLOAT, Float32Array.from(values));
      made.push(id);
      return id;
    };
    const { rate, weights, ownedWeights, share } = motion;
    const fed = new Map<string, number>();
    fed.set(feeds.coefficients, vector([...this.#coefficients(rate), rate * optimizer.weightDecay.rate]));
    if (gradients.common !== "summed") fed.set(feeds.weights, vector(weights));
    if (isWeighted(kind)) fed.set(feeds.ownedWeights, vector(ownedWeights));
    if (kind === "summed weighted") fed.set(feeds.share, vector([share]));
    motion.signs?.bits.forEach((bits, index) => {
      const { pieces, length } = piecesOf(bits.length);
      const signed = new Int32Array(bits.length);
      // Less 2³¹: whole numbers have a sign here.
      for (let i = 0; i < signed.length; i++) signed[i] = (bits[i] ?? 0) ^ 0x80000000;
      const id = binding.createTensor([pieces, length], binding.TF_INT32, signed);
      made.push(id);
      fed.set(`${feeds.bits}${String(index)}`, id);
    });
    common.forEach(({ id }, index) => {
      const input = gradients.factors.get(id);
      if (input !== undefined) fed.set(`${feeds.inputs}${String(index)}`, input);
      const prefix = input === undefined ? commonFeeds[gradients.common] : feeds.errors;
      if (prefix !== undefined) fed.set(`${prefix}${String(index)}`, gradients.ids.get(id) ?? -1);
      gradients.apart.get(id)?.forEach((gradient, task) => {
        if (gradient !== undefined) fed.set(apartFeed(index, task), gradient);
      });
    });
    owned.forEach(({ id }, index) => fed.set(`${feeds.owned}${String(index)}`, gradients.ids.get(id) ?? -1));
    try {
      const factored = motionKind("factored", isWeighted(kind));
      const outputs = this.#moved.map(({ parameter, after }) => {
        const way = gradients.factors.has(parameter.id) ? factored : kind;
        const output = after.get(way);
        if (output === undefined) throw new RangeError(`${parameter.name} cannot be moved by gradients that are ${way}.`);
        return output;
      });
      const square = this.#squares.get(kind);
      const squares = motion.asksMoves === true ? this.#moved.flatMap((moved) => this.#squareOf(moved, kind)) : [];
      const told = [...(square === undefined ? [] : [square]), ...squares.map(({ read }) => read)];
      const added = motion.asksMoves === true ? this.#moved.flatMap((moved) => moved.added.get(kind) ?? []) : [];
      const values = this.#run(fed, [...outputs, ...told, ...added.flatMap(({ each, total }) => [...each, total])]);
      // In the scope at once: they are gone with it, whatever fails.
      const stays = values.slice(outputs.length + told.length).map((value) => this.#native.createOutputTensor(value));
      // Read first: where that fails, nothing has moved as far as anybody knows.
      const half = this.#readAll(values.slice(outputs.length, outputs.length + told.length), square !== undefined, squares);
      this.#moved.forEach(({ parameter, lanes }, index) => {
        for (const { slot } of lanes) slot.count += 1;
        const value = values[index];
        if (value !== undefined) parameter.adopt(this.#native.createOutputTensor(value));
        this.#holds.set(parameter, held(parameter, lanes));
      });
      if (square === undefined) return {};
      // What is added is the rate's; a masked direction is not.
      const perRate = gradients.common !== "apart" ? 1 : rate > 0 ? 1 / rate : 0;
      return { square: 2 * half * perRate ** 2, ...(added.length === 0 ? {} : { added: paired(added, stays) }) };
    } finally {
      for (const id of made) binding.deleteTensor(id);
    }
  }

  /** A number, where there is one, and copies what follows it to the slots' squares. */
  #readAll(values: readonly NativeTensor[], hasNumber: boolean, squares: readonly { readonly buffer: Float32Array }[]): number {
    try {
      const number = hasNumber ? this.#show(values[0]?.id ?? -1, ([value = Number.NaN]) => value) : Number.NaN;
      squares.forEach(({ buffer }, index) => this.#copy(values[index + (hasNumber ? 1 : 0)]?.id ?? -1, buffer));
      return number;
    } catch (error) {
      const failure = error instanceof Error ? error : new Error(String(error));
      this.#failure = failure;
      throw lost(failure);
    }
  }

  #squareOf({ squares, lanes }: Moved, kind: MotionKind): readonly { readonly read: string; readonly buffer: Float32Array }[] {
    const [read, buffer] = [squares.get(kind), lanes[0]?.slot.buffers["square"]];
    return read === undefined || buffer === undefined ? [] : [{ read, buffer }];
  }

  /**
   * By common parameter, after a motion along the direction that was asked for moves. What else the optimizer remembers stays where it is.
   */
  accumulators(): readonly HeldAccumulators[] {
    const lanes = this.#moved.slice(0, this.#parts.common.length).flatMap(({ lanes: [lane] }) => lane ?? []);
    return lanes.map(({ slot }) => ({ slot, square: slot.buffers["square"] }));
  }

  /** Those of the step that every slot takes next, one slot after the other. Most have taken equally many. */
  #coefficients(rate: number): readonly number[] {
    const { rule } = this.#parts.optimizer;
    const known = new Map<number, readonly number[]>();
    return this.#moved.flatMap(({ lanes }) =>
      lanes.flatMap(({ slot }) => {
        const count = slot.count + 1;
        const own = known.get(count) ?? coefficientsOf(rule, rate, count);
        known.set(count, own);
        return own;
      }),
    );
  }

  dispose(): void {
    if (this.#isLent && this.#failure === undefined) this.#parts.memory.recall();
    this.#graph.dispose();
  }

  /** What it holds is worth nothing after a failure; parameters and slots are as they were before the motion. */
  abandon(): void {
    this.#parts.memory.forgetLoan();
    this.#isLent = false;
    this.#failure = undefined;
    this.#holds.clear();
  }

  /** Has the session hold what the parameters and slots are. */
  #take(): void {
    if (this.#isLent && this.#isCurrent()) return;
    this.#parts.memory.recall();
    if (!this.#isCurrent()) this.#fill();
    this.#isLent = true;
    this.#parts.memory.lend(() => {
      this.#isLent = false;
      this.#bringBack();
    });
  }

  #isCurrent(): boolean {
    return this.#moved.every(({ parameter, lanes }) => {
      const holds = this.#holds.get(parameter);
      return holds?.version === parameter.version && lanes.every(({ slot }, lane) => holds.counts[lane] === slot.count);
    });
  }

  #fill(): void {
    const { binding } = this.#native;
    const made: number[] = [];
    const fed = new Map(
      this.#starts.map(({ feed, parameter, values }) => {
        // A copy: a variable of the session may take the memory for its own, and write to it.
        const id = binding.createTensor(parameter.parameter.variable.shape, binding.TF_FLOAT, values().slice());
        made.push(id);
        return [feed, id] as const;
      }),
    );
    try {
      const reads = this.#starts.map(({ read }) => read);
      for (const { id } of this.#graph.run(fed, reads)) binding.deleteTensor(id);
    } finally {
      for (const id of made) binding.deleteTensor(id);
    }
    for (const { parameter, lanes } of this.#moved) this.#holds.set(parameter, held(parameter, lanes));
  }

  /** What TensorFlow has moved when it fails is not known. */
  #run(fed: ReadonlyMap<string, number>, outputs: readonly string[]): readonly NativeTensor[] {
    try {
      return this.#graph.run(fed, outputs);
    } catch (error) {
      const failure = error instanceof Error ? error : new Error(String(error));
      this.#failure = failure;
      throw lost(failure);
    }
  }

  #bringBack(): void {
    if (this.#failure !== undefined) throw lost(this.#failure);
    const places = this.#moved.flatMap(({ lanes }) =>
      lanes.flatMap(({ slot, buffers }) =>
        [...buffers].flatMap(([name, read]) => {
          const buffer = slot.buffers[name];
          return buffer === undefined ? [] : [{ buffer, read }];
        }),
      ),
    );
    if (places.length === 0) return;
    const values = this.#graph.run(
      new Map(),
      places.map(({ read }) => read),
    );
    places.forEach(({ buffer }, index) => this.#copy(values[index]?.id ?? -1, buffer));
  }

  #copy(id: number, into: Float32Array): void {
    this.#show(id, (numbers) => {
      into.set(numbers);
    });
  }

  /** Deletes it. */
  #show<T>(id: number, see: (values: Float32Array) => T): T {
    const { binding } = this.#native;
    try {
      return readOnce(binding, id, see);
    } finally {
      binding.deleteTensor(id);
    }
  }
}

/** The tensors of names that follow each other. */
function paired(added: readonly Added[], tensors: readonly Tensor[]): readonly AddedTensors[] {
  let end = 0;
  return added.flatMap(({ each: names }) => {
    const each = tensors.slice(end, (end += names.length));
    const total = tensors[end++];
    return total === undefined ? [] : [{ each, total }];
  });
}

function lost(cause: Error): TrainingError {
  return new TrainingError(
    "backend",
    `What the optimizer remembers was lost when TensorFlow failed: ${cause.message} Resume from the last checkpoint.`,
    { cause },
  );
}

/** Which of the graph's ways a motion takes. */
export function wayOf(
  { common }: Pick<HeldTensors, "common">,
  { ownedWeights, share, signs }: Pick<UpdateMotion, "ownedWeights" | "share" | "signs">,
): MotionKind {
  return motionKind(signs === undefined ? common : "masked", share !== 1 || ownedWeights.some((weight) => weight !== 1));
}
