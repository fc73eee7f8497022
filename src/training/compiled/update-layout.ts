import type { SignMasking } from "../../balancers/kernels/sign-masks.ts";
import type { OptimizerMemory } from "../optimizers/memory.ts";
import type { Optimizer } from "../optimizers/optimizer.ts";
import { accumulatorsOf, type OptimizerSlot } from "../optimizers/slot.ts";
import { keptShare } from "../optimizers/weight-decay.ts";
import type { TrainedParameter } from "../trained-parameter.ts";
import { elementType, GraphBuilder, integer, nodeOf, words } from "./graph-builder.ts";
import { attributeKind, typeAttribute, type GraphNode } from "./graph-file.ts";
import { piecesOf } from "./held-nodes.ts";
import { maskedSumNode } from "./masked-nodes.ts";
import { isWeighted, motionKind, motionKinds, type MotionKind } from "./motion-kind.ts";
import { applyNode, assignNode, coefficientCount, readNode } from "./update-nodes.ts";

/** What an update moves, and how. */
export interface UpdateParts {
  readonly common: readonly TrainedParameter[];
  readonly owned: readonly TrainedParameter[];
  readonly memory: OptimizerMemory;
  readonly optimizer: Optimizer;
  /** Number of tasks. */
  readonly tasks: number;
  /** Ids of the tasks where each has accumulators of its own of the common parameters (AdaTask). */
  readonly taskwise?: readonly string[];
  /** Of a method that masks signs. */
  readonly masking?: SignMasking;
}

/** A slot whose accumulators are variables of the session. */
export interface Lane {
  readonly slot: OptimizerSlot;
  /** What they are, by the names of the slot's buffers. */
  readonly buffers: ReadonlyMap<string, string>;
}

export interface Moved {
  readonly parameter: TrainedParameter;
  /** One, or one a task of the reach. */
  readonly lanes: readonly Lane[];
  /** By the kind of motion, what the parameter is after it. */
  readonly after: ReadonlyMap<MotionKind, string>;
  /** By the kind of motion in which the tasks move by themselves. */
  readonly added: ReadonlyMap<MotionKind, Added>;
  /** By the kind of motion along a direction, the rule's accumulators of squares after it, where it keeps some. */
  readonly squares: ReadonlyMap<MotionKind, string>;
}

/** What a motion has added to a parameter, but for weight decay: each task of the reach, and all together. */
export interface Added {
  readonly each: readonly string[];
  readonly total: string;
}

/** A variable of the session: where it is fed, what it is then, and what it is to hold. */
export interface Start {
  readonly feed: string;
  readonly read: string;
  readonly parameter: TrainedParameter;
  readonly values: () => Float32Array;
}

export const feeds = {
  common: "g",
  summed: "s",
  errors: "e",
  inputs: "h",
  owned: "o",
  start: "v",
  coefficients: "c",
  weights: "w",
  ownedWeights: "u",
  share: "k",
  bits: "b",
} as const;

/** The nodes of an update, and what they are for. */
export function layOut(parts: UpdateParts): {
  readonly nodes: readonly GraphNode[];
  readonly moved: readonly Moved[];
  readonly starts: readonly Start[];
  readonly squares: ReadonlyMap<MotionKind, string>;
} {
  const { common, owned, taskwise } = parts;
  const inputs = new Layout(parts);
  const moved = [
    ...common.map((parameter, index) =>
      taskwise === undefined ? inputs.shared(parameter, index) : inputs.apart(parameter, index, taskwise),
    ),
    ...owned.map((parameter, index) => inputs.owned(parameter, index)),
  ];
  return { nodes: inputs.graph.nodes, moved, starts: inputs.starts, squares: inputs.squares() };
}

/** Writes the nodes of one parameter after the other. */
class Layout {
  readonly graph = new GraphBuilder("n");
  readonly starts: Start[] = [];
  readonly #parts: UpdateParts;
  /** Of one lane after the other. */
  readonly #coefficients: string[];
  /** ηλ */
  readonly #decay: string;
  /** `[tasks]` */
  readonly #weights: string;
  readonly #ownedWeights: readonly string[];
  /** Of a sum. */
  readonly #share: string;
  readonly #added: string[] = [];
  readonly #maskedSums: string[] = [];

  constructor(parts: UpdateParts) {
    this.#parts = parts;
    const { graph } = this;
    const lanes = parts.common.reduce((sum, { reach }) => sum + (parts.taskwise === undefined ? 1 : reach.length), parts.owned.length);
    const count = lanes * coefficientCount(parts.optimizer.rule) + 1;
    this.#coefficients = [...graph.unpack(graph.placeholder(feeds.coefficients, [count]), count)];
    this.#decay = this.#coefficients.pop() ?? "";
    this.#weights = graph.placeholder(feeds.weights, [parts.tasks]);
    this.#share = graph.reshape(graph.placeholder(feeds.share, [1]), []);
    this.#ownedWeights = graph.unpack(graph.placeholder(feeds.ownedWeights, [parts.tasks]), parts.tasks);
  }

  /** A parameter that moves along the direction. */
  shared(parameter: TrainedParameter, index: number): Moved {
    const { graph } = this;
    const { tasks } = this.#parts;
    const { shape } = parameter.parameter.variable;
    const { pieces, length } = piecesOf(parameter.size);
    const packed = graph.placeholder(`${feeds.common}${String(index)}`, [pieces, tasks, length]);
    const combined = graph.reshape(this.#weighted(packed), shape);
    const summed = graph.placeholder(`${feeds.summed}${String(index)}`, shape);
    const factored = shape.length === 2 ? this.#factored(shape, index) : undefined;
    const masked = this.#masked(packed, [pieces, length], index);
    if (masked !== undefined) this.#maskedSums.push(masked);
    const both = (course: "combined" | "masked" | "factored", gradient: string | undefined): readonly (readonly [MotionKind, string])[] =>
      gradient === undefined ? [] : [false, true].map((weighted) => [motionKind(course, weighted), gradient]);
    const gradients: readonly (readonly [MotionKind, string])[] = [
      ...both("masked", masked === undefined ? undefined : graph.reshape(masked, shape)),
      ...both("combined", combined),
      ["summed", summed],
      ["summed weighted", graph.float32("Mul", [summed, this.#share])],
      ...both("factored", factored),
    ];
    const name = `common${String(index)}`;
    const value = this.#variable(parameter, `${name}value`, () => parameter.values);
    const lane = this.#lane(parameter, name, parameter.name);
    const after = gradients.map(([kind, gradient]) => [kind, this.#moved(parameter, value, lane, gradient)] as const);
    const handle = lane.handles["square"];
    const squares = handle === undefined ? [] : after.map(([kind, moved]) => [kind, readNode(graph, handle, [nodeOf(moved)])] as const);
    return { parameter, lanes: [lane], after: new Map(after), added: new Map(), squares: new Map(squares) };
  }

  /** Undefined where no signs are masked. */
  #masked(packed: string, [pieces, length]: readonly [number, number], index: number): string | undefined {
    const { masking, tasks } = this.#parts;
    if (masking === undefined) return undefined;
    const { graph } = this;
    const bits = graph.placeholder(`${feeds.bits}${String(index)}`, [pieces, length], elementType.int32);
    return maskedSumNode(graph, { gradients: graph.unpack(packed, tasks, 1), weights: graph.unpack(this.#weights, tasks), bits }, masking);
  }

  /** Hᵀ Σ w_i D_i */
  #factored([inputs = 0, columns = 0]: readonly number[], index: number): string {
    const { graph } = this;
    const { tasks } = this.#parts;
    const errors = this.#weighted(graph.placeholder(`${feeds.errors}${String(index)}`, [-1, tasks, -1]));
    const input = graph.placeholder(`${feeds.inputs}${String(index)}`, [-1, inputs]);
    return graph.product(input, graph.reshape(errors, [-1, columns]), "left");
  }

  /** Of `[pieces, tasks, length]` the weighted sum over the tasks. */
  #weighted(packed: string): string {
    const weights = this.graph.reshape(this.#weights, [1, 1, this.#parts.tasks]);
    return this.graph.product(weights, packed);
  }

  /** A parameter of one task. */
  owned(parameter: TrainedParameter, index: number): Moved {
    const { graph } = this;
    const gradient = graph.placeholder(`${feeds.owned}${String(index)}`, parameter.parameter.variable.shape);
    const [task = -1] = parameter.reach;
    const weighted = graph.float32("Mul", [gradient, this.#ownedWeights[task] ?? ""]);
    const name = `owned${String(index)}`;
    const value = this.#variable(parameter, `${name}value`, () => parameter.values);
    const lane = this.#lane(parameter, name, parameter.name);
    const { shared, masked, taskwise } = motionKinds;
    const { masking, taskwise: ids } = this.#parts;
    const kinds: readonly MotionKind[] = ids !== undefined ? taskwise : masking === undefined ? shared : [...shared, ...masked];
    const after = kinds.map((kind) => [kind, this.#moved(parameter, value, lane, isWeighted(kind) ? weighted : gradient)] as const);
    return { parameter, lanes: [lane], after: new Map(after), added: new Map(), squares: new Map() };
  }

  /**
   * A parameter that each task moves through accumulators of its own: what a task adds is what the optimizer makes of 0, since all of them
   * start from where the parameter was.
   */
  apart(parameter: TrainedParameter, index: number, ids: readonly string[]): Moved {
    const { graph } = this;
    const { optimizer, tasks } = this.#parts;
    const { shape } = parameter.parameter.variable;
    const name = `common${String(index)}`;
    const value = this.#variable(parameter, `${name}value`, () => parameter.values);
    const weights = graph.unpack(this.#weights, tasks);
    const nothing = graph.filled(shape, 0);
    const each = parameter.reach.map((task) => {
      const lane = this.#lane(parameter, `${name}task${String(task)}`, `${parameter.name}@${ids[task] ?? task}`);
      const gradient = graph.placeholder(apartFeed(index, task), shape);
      const cleared = assignNode(graph, lane.added, nothing, []);
      const [rate = "", ...others] = lane.coefficients;
      const weighed = graph.float32("Mul", [rate, weights[task] ?? ""]);
      const applied = applyNode(
        graph,
        optimizer.rule,
        { value: lane.added, buffers: lane.handles },
        gradient,
        [weighed, ...others],
        [cleared],
      );
      return { lane, added: readNode(graph, lane.added, [applied]) };
    });
    const added = each.map((one) => one.added);
    const total = graph.float32("AddN", added, [integer("N", added.length)]);
    this.#added.push(total);
    const after = this.#addTo(parameter, value, total);
    return {
      parameter,
      lanes: each.map(({ lane }) => lane),
      after: new Map(motionKinds.taskwise.map((kind) => [kind, after])),
      added: new Map(motionKinds.taskwise.map((kind) => [kind, { each: added, total }])),
      squares: new Map(),
    };
  }

  /** By the kind of motion, ½ ‖what is added to the common parameters‖², or ½ ‖the masked direction‖². */
  squares(): ReadonlyMap<MotionKind, string> {
    const totalOf = (values: readonly string[], kinds: readonly MotionKind[]): readonly (readonly [MotionKind, string])[] => {
      const halves = values.map((value) => this.graph.float32("L2Loss", [value]));
      if (halves.length === 0) return [];
      const total = this.graph.float32("AddN", halves, [integer("N", halves.length)]);
      return kinds.map((kind) => [kind, total] as const);
    };
    return new Map([...totalOf(this.#added, motionKinds.taskwise), ...totalOf(this.#maskedSums, motionKinds.masked)]);
  }

  #moved(parameter: TrainedParameter, value: string, { handles, coefficients, added }: OpenLane, gradient: string): string {
    const { graph } = this;
    const { rule } = this.#parts.optimizer;
    if (!this.#decays(parameter)) {
      return readNode(graph, value, [applyNode(graph, rule, { value, buffers: handles }, gradient, coefficients, [])]);
    }
    const { shape } = parameter.parameter.variable;
    const cleared = assignNode(graph, added, graph.filled(shape, 0), []);
    const applied = applyNode(graph, rule, { value: added, buffers: handles }, gradient, coefficients, [cleared]);
    return this.#addTo(parameter, value, readNode(graph, added, [applied]));
  }

  /** θ ← θ + (added − ηλ θ), rounded once: a share of θ that is nearly 1 would be lost in single precision. */
  #addTo(parameter: TrainedParameter, value: string, added: string): string {
    const { graph } = this;
    const before = readNode(graph, value, []);
    const whole = this.#decays(parameter) ? graph.float32("Sub", [added, graph.float32("Mul", [before, this.#decay])]) : added;
    return readNode(graph, value, [assignNode(graph, value, graph.float32("AddV2", [before, whole]), [])]);
  }

  #decays({ parameter }: TrainedParameter): boolean {
    const { weightDecay } = this.#parts.optimizer;
    return weightDecay.rate > 0 && keptShare(weightDecay, parameter.weight, 1) !== 1;
  }

  #lane(parameter: TrainedParameter, name: string, slotName: string): OpenLane {
    const slot = this.#parts.memory.slot(slotName, parameter.size);
    const handles = Object.fromEntries(
      accumulatorsOf(slot).map((buffer) => [
        buffer,
        this.#variable(parameter, `${name}${buffer}`, () => slot.buffers[buffer] ?? new Float32Array(0)),
      ]),
    );
    const buffers = new Map(Object.entries(handles).map(([buffer, handle]) => [buffer, readNode(this.graph, handle, [])]));
    const coefficients = this.#coefficients.splice(0, coefficientCount(this.#parts.optimizer.rule));
    const added = this.#handle(parameter.parameter.variable.shape, `${name}added`);
    return { slot, handles, buffers, coefficients, added };
  }

  /** A variable of the session that begins with some values; its handle. */
  #variable(parameter: TrainedParameter, name: string, values: () => Float32Array): string {
    const { shape } = parameter.parameter.variable;
    const handle = this.#handle(shape, name);
    const feed = `${feeds.start}${name}`;
    const read = readNode(this.graph, handle, [assignNode(this.graph, handle, this.graph.placeholder(feed, shape), [])]);
    this.starts.push({ feed, read, parameter, values });
    return handle;
  }

  #handle(shape: readonly number[], name: string): string {
    const attributes = [
      words("container", ""),
      words("shared_name", name),
      typeAttribute("dtype", elementType.float),
      { name: "shape", type: attributeKind.shape, value: [...shape] },
    ];
    return this.graph.operation("VarHandleOp", [], attributes, [elementType.resource]);
  }
}

interface OpenLane extends Lane {
  readonly handles: Readonly<Record<string, string>>;
  readonly coefficients: readonly string[];
  /** A variable for what a step adds. */
  readonly added: string;
}

export function apartFeed(index: number, task: number): string {
  return `${feeds.common}${String(index)}t${String(task)}`;
}
