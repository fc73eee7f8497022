import type { HeldGradients, HeldMotion, HeldMove, HeldProducts, HeldSquares, HeldSum } from "../passes/held-gradients.ts";
import { present, type CompiledWay } from "./compiled-way.ts";
import type { GraphRun } from "./graph-run.ts";
import type { HeldValues } from "./held-nodes.ts";
import type { RecordedWay } from "./recorded-pass.ts";
import type { UpdateMotion, HeldTensors } from "./update-graph.ts";

/** What moves the parameters by gradients that TensorFlow has; undefined, with nothing changed, where it cannot. */
export type Mover = (gradients: HeldTensors, motion: UpdateMotion) => HeldMove | undefined;

/** The gradients of a recording, left with TensorFlow. */
export class CompiledHold implements HeldGradients {
  /** Values that were asked to stay. */
  readonly asked = new Set<string>();
  inVain = false;
  readonly #way: CompiledWay;
  readonly #recorded: RecordedWay;
  readonly #values: HeldValues;
  readonly #run: GraphRun;
  readonly #move: Mover;
  #common: HeldTensors["common"] = "summed";

  constructor(way: CompiledWay, recorded: RecordedWay, values: HeldValues, run: GraphRun, move: Mover) {
    this.#way = way;
    this.#recorded = recorded;
    this.#values = values;
    this.#run = run;
    this.#move = move;
  }

  products(): HeldProducts {
    const { products, packed, ownSquares } = this.#values;
    this.#common = "packed";
    this.#way.walks += this.#recorded.alone.length;
    this.#ask([...present([products]), ...present(ownSquares)], [...packed.values(), ...this.#own()]);
    const size = this.#recorded.alone.length;
    const parts = products === undefined ? new Float32Array(0) : this.#run.values(products);
    const gram = Array.from({ length: size }, () => Array<number>(size).fill(0));
    for (let start = 0; start < parts.length; start += size * size) {
      gram.forEach((row, i) => {
        for (let j = 0; j < size; j++) row[j] = (row[j] ?? 0) + (parts[start + i * size + j] ?? 0);
      });
    }
    return { gram, owned: this.#read(ownSquares) };
  }

  sum(weights: readonly number[]): HeldSum {
    const { sumSquare, ownSquares } = this.#values;
    this.#common = "summed";
    this.#way.walks += 1;
    this.#way.weights = weights;
    const summed = [...this.#recorded.summed.values()];
    this.#run.weigh(weights, [...summed, ...present([sumSquare])]);
    this.#ask([...present([sumSquare]), ...present(ownSquares)], [...summed, ...this.#own()]);
    return { common: sumSquare === undefined ? 0 : 2 * this.#run.number(sumSquare), owned: this.#read(ownSquares) };
  }

  apart(): HeldSquares {
    const { aloneSquares, ownSquares } = this.#values;
    const { alone } = this.#recorded;
    this.#common = "apart";
    this.#way.walks += alone.length;
    this.#ask(present([...aloneSquares, ...ownSquares]), [...alone.flatMap((each) => [...each.values()]), ...this.#own()]);
    return { common: this.#read(aloneSquares), owned: this.#read(ownSquares) };
  }

  move(motion: HeldMotion): HeldMove | undefined {
    const { alone, own, summed } = this.#recorded;
    const idOf = (name: string): number => this.#run.held(name) ?? -1;
    const ids = new Map([...own].map(([id, { values }]) => [id, idOf(values)]));
    const apart = new Map<number, readonly (number | undefined)[]>();
    if (this.#common === "apart") {
      for (const id of summed.keys()) {
        const names = alone.map((each) => each.get(id));
        apart.set(id, names.map((name) => (name === undefined ? undefined : idOf(name)))); // prettier-ignore
      }
    } else {
      for (const [id, name] of this.#common === "packed" ? this.#values.packed : summed) ids.set(id, idOf(name));
    }
    return this.#move({ common: this.#common, ids, apart }, motion);
  }

  giveUp(): void {
    this.inVain = true;
  }

  #own(): readonly string[] {
    return [...this.#recorded.own.values()].map(({ values }) => values);
  }

  #read(halves: readonly (string | undefined)[]): readonly number[] {
    return halves.map((name) => (name === undefined ? 0 : 2 * this.#run.number(name)));
  }

  #ask(read: readonly string[], held: readonly string[]): void {
    for (const name of held) this.asked.add(name);
    this.#way.ask(
      read,
      held.filter((name) => this.#run.held(name) === undefined),
    );
  }
}
