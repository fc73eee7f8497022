import type { OptimizerMemory } from "../optimizers/memory.ts";
import type { Optimizer } from "../optimizers/optimizer.ts";
import type { OptimizerSlot } from "../optimizers/slot.ts";
import { keptShare } from "../optimizers/weight-decay.ts";
import { TrainingError } from "../training-error.ts";
import type { TrainedParameter } from "../trained-parameter.ts";
import { elementType, flag, GraphBuilder, words } from "./graph-builder.ts";
import { attributeKind, typeAttribute, type GraphNode } from "./graph-file.ts";
import { piecesOf } from "./held-nodes.ts";
import type { NativeBackend, NativeTensor } from "./native-binding.ts";
import { NativeGraph } from "./native-graph.ts";
import { applyNode, assignNode, buffersOf, coefficientCount, coefficientsOf, readNode } from "./update-nodes.ts";

/** What an update moves, and how. */
export interface UpdateParts {
  readonly common: readonly TrainedParameter[];
  readonly owned: readonly TrainedParameter[];
  readonly memory: OptimizerMemory;
  readonly optimizer: Optimizer;
  /** Number of tasks. */
  readonly tasks: number;
}

/** Gradients that TensorFlow has, by the numbers of their tensors. */
export interface HeldTensors {
  /** Whether those of the common parameters are the tasks' own, packed, or their sum. */
  readonly common: "packed" | "summed";
  /** By variable id. */
  readonly ids: ReadonlyMap<number, number>;
}

export interface UpdateMotion {
  /** Of the packed gradients. */
  readonly weights: readonly number[];
  /** Of what each loss gives the parameters that it alone reaches. */
  readonly ownedWeights: readonly number[];
  readonly rate: number;
}

interface Moved {
  readonly parameter: TrainedParameter;
  readonly slot: OptimizerSlot;
  /** Variables of the session by what they hold: `value`, or a buffer of the slot. */
  readonly handles: ReadonlyMap<string, string>;
  /** By the kind of motion, what the parameter is after it. */
  readonly after: ReadonlyMap<string, string>;
}

const feeds = { common: "g", summed: "s", owned: "o", start: "v", coefficients: "c", weights: "w", ownedWeights: "u" } as const;

/**
 * The optimizer as a graph of TensorFlow's: a session that keeps parameters and accumulators as variables and moves them where they are. The
 * parameters are told to their `TrainedParameter` after every motion; the accumulators stay until somebody asks for them
 * (`OptimizerMemory.recall`).
 */
export class UpdateGraph {
  readonly #native: NativeBackend;
  readonly #parts: UpdateParts;
  readonly #graph: NativeGraph;
  readonly #moved: readonly Moved[];
  /** What a variable of the session has taken in, once it was fed. */
  readonly #started: readonly { readonly feed: string; readonly read: string; readonly moved: Moved; readonly what: string }[];
  /** What the session holds: the version of each parameter, and the steps that its slot had taken. */
  readonly #holds = new Map<TrainedParameter, { readonly version: number; readonly count: number }>();
  #isLent = false;
  #failure: Error | undefined;

  /** Throws the binding's own error where TensorFlow refuses the graph. */
  constructor(native: NativeBackend, parts: UpdateParts) {
    this.#native = native;
    this.#parts = parts;
    const { nodes, moved, started } = updateNodes(parts);
    this.#moved = moved;
    this.#started = started;
    this.#graph = NativeGraph.load(native.binding, nodes);
  }

  /** Whether all accumulators have taken equally many steps: the graph has one correction for all. */
  get isEven(): boolean {
    const [first, ...others] = this.#moved;
    return others.every(({ slot }) => slot.count === first?.slot.count);
  }

  /** Moves all parameters, and counts it. */
  move(gradients: HeldTensors, motion: UpdateMotion): void {
    this.#take();
    const kind = wayOf(gradients, motion);
    const count = (this.#moved[0]?.slot.count ?? 0) + 1;
    const { optimizer, common, owned } = this.#parts;
    const { binding } = this.#native;
    const made: number[] = [];
    const vector = (values: readonly number[]): number => {
      const id = binding.createTensor([values.length], binding.TF_FLOAT, Float32Array.from(values));
      made.push(id);
      return id;
    };
    const { rate, weights, ownedWeights } = motion;
    const fed = new Map<string, number>();
    const decay = keptShare(optimizer.weightDecay, "kernel", rate);
    fed.set(feeds.coefficients, vector([...coefficientsOf(optimizer.rule, rate, count), decay]));
    if (gradients.common === "packed") fed.set(feeds.weights, vector(weights));
    if (kind.endsWith("weighted")) fed.set(feeds.ownedWeights, vector(ownedWeights));
    const prefix = gradients.common === "packed" ? feeds.common : feeds.summed;
    common.forEach(({ id }, index) => fed.set(`${prefix}${String(index)}`, gradients.ids.get(id) ?? -1));
    owned.forEach(({ id }, index) => fed.set(`${feeds.owned}${String(index)}`, gradients.ids.get(id) ?? -1));
    try {
      const outputs = this.#moved.map(({ after }) => after.get(kind) ?? "");
      const values = this.#run(fed, outputs);
      this.#moved.forEach(({ parameter, slot }, index) => {
        slot.count += 1;
        const value = values[index];
        if (value !== undefined) parameter.adopt(this.#native.createOutputTensor(value));
        this.#holds.set(parameter, { version: parameter.version, count: slot.count });
      });
    } finally {
      for (const id of made) binding.deleteTensor(id);
    }
  }

  dispose(): void {
    if (this.#isLent && this.#failure === undefined) this.#parts.memory.recall();
    this.#graph.dispose();
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
    return this.#moved.every(({ parameter, slot }) => {
      const held = this.#holds.get(parameter);
      return held?.version === parameter.version && held.count === slot.count;
    });
  }

  #fill(): void {
    const { binding } = this.#native;
    const made: number[] = [];
    const fed = new Map(
      this.#started.map(({ feed, moved: { parameter, slot }, what }) => {
        const values = what === "value" ? parameter.values : (slot.buffers[what] ?? new Float32Array(0));
        const id = binding.createTensor(parameter.parameter.variable.shape, binding.TF_FLOAT, values);
        made.push(id);
        return [feed, id] as const;
      }),
    );
    try {
      this.#delete(this.#graph.run(fed, this.#started.map(({ read }) => read))); // prettier-ignore
    } finally {
      for (const id of made) binding.deleteTensor(id);
    }
    for (const { parameter, slot } of this.#moved) this.#holds.set(parameter, { version: parameter.version, count: slot.count });
  }

  /** What TensorFlow has moved when it fails is not known. */
  #run(fed: ReadonlyMap<string, number>, outputs: readonly string[]): readonly NativeTensor[] {
    try {
      return this.#graph.run(fed, outputs);
    } catch (error) {
      this.#failure = error instanceof Error ? error : new Error(String(error));
      throw error;
    }
  }

  #bringBack(): void {
    if (this.#failure !== undefined) {
      throw new TrainingError(
        "backend",
        `What the optimizer remembers was lost when TensorFlow failed: ${this.#failure.message} Resume from the last checkpoint.`,
      );
    }
    const places = this.#moved.flatMap(({ slot, handles }) =>
      [...handles].flatMap(([what, handle]) => {
        const buffer = slot.buffers[what];
        return buffer === undefined || buffer.length === 0 ? [] : [{ buffer, handle }];
      }),
    );
    if (places.length === 0) return;
    const values = this.#graph.run(new Map(), places.map(({ handle }) => handle)); // prettier-ignore
    places.forEach(({ buffer }, index) => {
      const found = this.#native.binding.tensorDataSync(values[index]?.id ?? -1);
      if (!(found instanceof Float32Array)) throw new TypeError("An accumulator is not made of 32-bit floats.");
      buffer.set(found);
    });
    this.#delete(values);
  }

  #delete(values: readonly NativeTensor[]): void {
    for (const { id } of values) this.#native.binding.deleteTensor(id);
  }
}

/** Which of the graph's ways a motion takes. */
export function wayOf({ common }: Pick<HeldTensors, "common">, { ownedWeights }: Pick<UpdateMotion, "ownedWeights">): string {
  return `${common}${ownedWeights.every((weight) => weight === 1) ? "" : " weighted"}`;
}

const kinds = ["packed", "summed", "packed weighted", "summed weighted"] as const;

function updateNodes(parts: UpdateParts): {
  readonly nodes: readonly GraphNode[];
  readonly moved: readonly Moved[];
  readonly started: { readonly feed: string; readonly read: string; readonly moved: Moved; readonly what: string }[];
} {
  const { common, owned, memory, optimizer, tasks } = parts;
  const { rule, weightDecay } = optimizer;
  const graph = new GraphBuilder("n");
  const count = coefficientCount(rule);
  const coefficients = graph.unpack(graph.placeholder(feeds.coefficients, [count + 1]), count + 1);
  const weights = graph.reshape(graph.placeholder(feeds.weights, [tasks]), [1, 1, tasks]);
  const ownedWeights = graph.unpack(graph.placeholder(feeds.ownedWeights, [tasks]), tasks);
  const started: { feed: string; read: string; moved: Moved; what: string }[] = [];
  const moved = [...common, ...owned].map((parameter, index): Moved => {
    const { shape } = parameter.parameter.variable;
    const handles = new Map(
      ["value", ...buffersOf(rule)].map((what) => {
        const attributes = [
          words("container", ""),
          words("shared_name", `${what}${String(index)}`),
          typeAttribute("dtype", elementType.float),
          { name: "shape", type: attributeKind.shape, value: [...shape] },
        ];
        return [what, graph.operation("VarHandleOp", [], attributes, [elementType.resource])] as const;
      }),
    );
    const { value = "", ...buffers } = Object.fromEntries(handles);
    const decays = weightDecay.rate > 0 && keptShare(weightDecay, parameter.parameter.weight, 1) !== 1;
    const gradientOf = (kind: (typeof kinds)[number]): string | undefined => {
      if (index >= common.length) {
        const own = placed(graph, `${feeds.owned}${String(index - common.length)}`, shape);
        const [task = -1] = parameter.reach;
        return kind.endsWith("weighted") ? graph.float32("Mul", [own, ownedWeights[task] ?? ""]) : own;
      }
      if (kind.startsWith("summed")) return placed(graph, `${feeds.summed}${String(index)}`, shape);
      const { pieces, length } = piecesOf(parameter.size);
      const packed = placed(graph, `${feeds.common}${String(index)}`, [pieces, tasks, length]);
      return graph.reshape(graph.float32("BatchMatMulV2", [weights, packed], [flag("adj_x", false), flag("adj_y", false)]), shape);
    };
    const after = new Map<string, string>();
    const moved: Moved = { parameter, slot: memory.slot(parameter.name, parameter.size), handles: new Map(), after };
    for (const kind of kinds) {
      const gradient = gradientOf(kind);
      if (gradient === undefined) continue;
      const wait: string[] = [];
      if (decays) {
        const shrunk = graph.float32("Mul", [readNode(graph, value, []), coefficients[count] ?? ""]);
        wait.push(assignNode(graph, value, shrunk, []));
      }
      after.set(kind, readNode(graph, value, [applyNode(graph, rule, { value, buffers }, gradient, coefficients, wait)]));
    }
    const reads = new Map([...handles].map(([what, handle]) => [what, readNode(graph, handle, [])]));
    const whole = { ...moved, handles: reads };
    for (const [what, handle] of handles) {
      const feed = `${feeds.start}${String(index)}${what}`;
      const read = readNode(graph, handle, [assignNode(graph, handle, graph.placeholder(feed, shape), [])]);
      started.push({ feed, read, moved: whole, what });
    }
    return whole;
  });
  return { nodes: graph.nodes, moved, started };
}

/** The value that is fed under a name, which several ways take in. */
function placed(graph: GraphBuilder, name: string, shape: readonly number[]): string {
  return graph.nodes.some((node) => node.name === name) ? `${name}:0` : graph.placeholder(name, shape);
}
