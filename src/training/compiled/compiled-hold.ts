import type { HeldGradients, HeldProducts, HeldSum } from "../passes/held-gradients.ts";
import { present, type CompiledWay } from "./compiled-way.ts";
import type { GraphRun } from "./graph-run.ts";
import type { HeldValues } from "./held-nodes.ts";
import type { RecordedWay } from "./recorded-pass.ts";
import type { UpdateMotion, HeldTensors } from "./update-graph.ts";

/** What moves the parameters by gradients that TensorFlow has; false, with nothing changed, where it cannot. */
export type Mover = (gradients: HeldTensors, motion: UpdateMotion) => boolean;

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
    return { gram, owned: this.#squares() };
  }

  sum(weights: readonly number[]): HeldSum {
    const { sumSquare, ownSquares } = this.#values;
    this.#common = "summed";
    this.#way.walks += 1;
    this.#way.weights = weights;
    const summed = [...this.#recorded.summed.values()];
    this.#run.weigh(weights, [...summed, ...present([sumSquare])]);
    this.#ask([...present([sumSquare]), ...present(ownSquares)], [...summed, ...this.#own()]);
    return { common: sumSquare === undefined ? 0 : 2 * this.#run.number(sumSquare), owned: this.#squares() };
  }

  move(weights: readonly number[], ownedWeights: readonly number[], rate: number): boolean {
    const common = this.#common === "packed" ? this.#values.packed : this.#recorded.summed;
    const ids = new Map<number, number>();
    for (const [id, name] of common) ids.set(id, this.#run.held(name) ?? -1);
    for (const [id, { values }] of this.#recorded.own) ids.set(id, this.#run.held(values) ?? -1);
    return this.#move({ common: this.#common, ids }, { weights, ownedWeights, rate });
  }

  giveUp(): void {
    this.inVain = true;
  }

  #own(): readonly string[] {
    return [...this.#recorded.own.values()].map(({ values }) => values);
  }

  #squares(): readonly number[] {
    return this.#values.ownSquares.map((name) => (name === undefined ? 0 : 2 * this.#run.number(name)));
  }

  #ask(read: readonly string[], held: readonly string[]): void {
    for (const name of held) this.asked.add(name);
    this.#way.ask(
      read,
      held.filter((name) => this.#run.held(name) === undefined),
    );
  }
}
