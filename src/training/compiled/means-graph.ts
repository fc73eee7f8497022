import type { MeanPace } from "../../balancers/balancer.ts";
import { GraphBuilder } from "./graph-builder.ts";
import { piecesOf, summedPieces } from "./held-nodes.ts";
import type { NativeBackend } from "./native-binding.ts";
import { NativeGraph } from "./native-graph.ts";
import { readOnce } from "./read-once.ts";

/** Of which parameters, and how many tasks. */
export interface MeansShape {
  readonly common: readonly { readonly id: number; readonly size: number }[];
  readonly tasks: number;
}

/** Packed vectors by variable id, `[pieces, tasks, length]`: the numbers of their tensors. */
export type PackedTensors = ReadonlyMap<number, number>;

/** Means that have been moved, which the caller deletes, and their products `[tasks, tasks]`, row by row. */
export interface MovedTensors {
  readonly means: PackedTensors;
  readonly products: Float64Array;
}

const feeds = { gradients: "g", means: "y", kept: "k", part: "p", pull: "q" } as const;

/**
 * Moving means of the gradients as a graph of TensorFlow's. Where most of a mean stays, what is added to it is computed by itself: a share of
 * nearly 1 would be lost in single precision.
 *
 *   y ← y + (β f g − β y),   or y ← (1 − β) y + β f g  where β ≥ ½
 */
export class MeansGraph {
  readonly #native: NativeBackend;
  readonly #shape: MeansShape;
  readonly #graph: NativeGraph;
  /** By common parameter, the moved means. */
  readonly #moved: readonly string[];
  /** Products of them, of one piece after the other. */
  readonly #products: string;

  /** Throws the binding's own error where TensorFlow refuses the graph. */
  constructor(native: NativeBackend, shape: MeansShape) {
    this.#native = native;
    this.#shape = shape;
    const graph = new GraphBuilder("n");
    const [kept, part, pull] = [feeds.kept, feeds.part, feeds.pull].map((feed) =>
      graph.reshape(graph.placeholder(feed, [shape.tasks]), [1, shape.tasks, 1]),
    );
    this.#moved = shape.common.map(({ size }, index) => {
      const [gradients, means] = [feeds.gradients, feeds.means].map((feed) => graph.placeholder(feedOf(feed, index), shapeOf(shape, size)));
      const times = (a = "", b = ""): string => graph.float32("Mul", [a, b]);
      const added = graph.float32("Sub", [times(gradients, part), times(means, pull)]);
      return graph.float32("AddV2", [times(means, kept), added]);
    });
    this.#products = graph.joined(
      this.#moved.map((moved) => graph.product(moved, moved, "right")),
      0,
    );
    this.#graph = NativeGraph.load(native.binding, graph.nodes);
  }

  move(gradients: PackedTensors, means: PackedTensors, paces: readonly MeanPace[]): MovedTensors {
    const { binding } = this.#native;
    const made: number[] = [];
    const vector = (values: readonly number[]): number => {
      const id = binding.createTensor([values.length], binding.TF_FLOAT, Float32Array.from(values));
      made.push(id);
      return id;
    };
    const fed = new Map<string, number>();
    this.#shape.common.forEach(({ id }, index) => {
      fed.set(feedOf(feeds.gradients, index), gradients.get(id) ?? -1);
      fed.set(feedOf(feeds.means, index), means.get(id) ?? -1);
    });
    fed.set(feeds.kept, vector(paces.map(({ rate }) => (forgetsMost(rate) ? 1 - rate : 1))));
    fed.set(feeds.part, vector(paces.map(({ rate, factor }) => rate * factor)));
    fed.set(feeds.pull, vector(paces.map(({ rate }) => (forgetsMost(rate) ? 0 : rate))));
    try {
      const values = this.#graph.run(fed, [...this.#moved, this.#products]);
      const products = values.at(-1)?.id ?? -1;
      made.push(products);
      return {
        means: new Map(this.#shape.common.map(({ id }, index) => [id, values[index]?.id ?? -1])),
        products: readOnce(binding, products, (parts) => summedPieces(parts, this.#shape.tasks ** 2)),
      };
    } finally {
      for (const id of made) binding.deleteTensor(id);
    }
  }

  dispose(): void {
    this.#graph.dispose();
  }
}

function forgetsMost(rate: number): boolean {
  return rate >= 0.5;
}

/** Of what is packed of a parameter of so many elements. */
export function shapeOf({ tasks }: MeansShape, size: number): readonly [number, number, number] {
  const { pieces, length } = piecesOf(size);
  return [pieces, tasks, length];
}

function feedOf(feed: string, index: number): string {
  return `${feed}${String(index)}`;
}
