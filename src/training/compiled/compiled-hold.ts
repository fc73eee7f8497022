import type { Buffers, MeanPace } from "../../balancers/balancer.ts";
import type {
  HeldAccumulators,
  HeldGradients,
  HeldMeans,
  HeldMotion,
  HeldMove,
  HeldParts,
  HeldProducts,
  HeldSquares,
  HeldSum,
} from "../passes/held-gradients.ts";
import type { TrainedParameter } from "../trained-parameter.ts";
import { AloneParts } from "./alone-parts.ts";
import { ApartParts } from "./apart-parts.ts";
import type { MovedMeans } from "./checked-means.ts";
import { present, type CompiledWay } from "./compiled-way.ts";
import type { GraphRun } from "./graph-run.ts";
import { mostApart, summedPieces, type HeldProductValues, type HeldValues } from "./held-nodes.ts";
import type { PackedTensors } from "./means-graph.ts";
import type { CommonCourse } from "./motion-kind.ts";
import { PackedParts } from "./packed-parts.ts";
import type { RecordedWay } from "./recorded-pass.ts";
import type { AddedTensors, UpdateMotion, UpdateResult, HeldTensors } from "./update-graph.ts";

/** What moves the parameters by gradients that TensorFlow has. */
export interface Mover {
  /** Undefined, with nothing changed, where it cannot. */
  move(gradients: HeldTensors, motion: UpdateMotion): UpdateResult | undefined;
  /** Moving means of packed gradients; undefined, with nothing changed, where it cannot. */
  track(gradients: PackedTensors, means: Buffers, paces: readonly MeanPace[]): MovedMeans | undefined;
  /** By common parameter, after a motion along a direction. */
  accumulators(): readonly HeldAccumulators[];
  readonly common: readonly TrainedParameter[];
}

interface HoldParts {
  readonly way: CompiledWay;
  readonly recorded: RecordedWay;
  readonly values: HeldValues;
  readonly run: GraphRun;
  readonly mover: Mover;
  /** Whether products may come of factors. */
  readonly triesFactors: boolean;
}

/** The gradients of a recording, left with TensorFlow. */
export class CompiledHold implements HeldGradients {
  /** Values that were asked to stay. */
  readonly asked = new Set<string>();
  inVain = false;
  /** Products could have come of factors, but would have been lost in theirs. */
  areFormed = false;
  readonly #way: CompiledWay;
  readonly #recorded: RecordedWay;
  readonly #values: HeldValues;
  readonly #run: GraphRun;
  readonly #mover: Mover;
  readonly #triesFactors: boolean;
  #common: CommonCourse = "summed";
  /** The sum that the parameters move along, where they move along one. */
  #direction: ReadonlyMap<number, string> = new Map();
  /** What the last products were computed from. */
  #products: HeldProductValues;
  /** What a motion goes along in place of the packed gradients. */
  #means: PackedTensors | undefined;

  constructor({ way, recorded, values, run, mover, triesFactors }: HoldParts) {
    this.#way = way;
    this.#recorded = recorded;
    this.#values = values;
    this.#products = values.formed;
    this.#run = run;
    this.#mover = mover;
    this.#triesFactors = triesFactors;
  }

  products(asksParts: boolean): HeldProducts {
    const { formed, factored, ownSquares } = this.#values;
    this.#common = "combined";
    this.#way.walks += this.#recorded.alone.length;
    const asksFactors = factored !== undefined && !asksParts;
    const gram = asksFactors && this.#triesFactors ? this.#factoredGram(factored) : undefined;
    this.areFormed = asksFactors && gram === undefined;
    return { gram: gram ?? this.#gram(formed), owned: this.#read(ownSquares) };
  }

  /** Undefined where rounding would show. */
  #factoredGram(factored: HeldProductValues): readonly (readonly number[])[] | undefined {
    const gram = this.#gram(factored);
    const scales = factored.scales === undefined ? [] : [...this.#run.values(factored.scales)];
    if (scales.every((scale, i) => 4 * scale <= mostCancelled * (gram[i]?.[i] ?? 0))) return gram;
    this.#way.takeBack(namesOf(factored));
    for (const name of heldOf(factored)) this.asked.delete(name);
    return undefined;
  }

  #gram(values: HeldProductValues): readonly (readonly number[])[] {
    this.#products = values;
    this.#ask([...namesOf(values), ...present(this.#values.ownSquares)], [...heldOf(values), ...this.#own()]);
    const size = this.#recorded.alone.length;
    const pieces = values.products === undefined ? new Float32Array(0) : this.#run.values(values.products);
    const sums = summedPieces(pieces, size * size);
    // From factors, the two halves are rounded otherwise.
    const product = (i: number, j: number): number => ((sums[i * size + j] ?? 0) + (sums[j * size + i] ?? 0)) / 2;
    return Array.from({ length: size }, (_, i) => Array.from({ length: size }, (__, j) => product(i, j)));
  }

  sum(weights: readonly number[]): HeldSum {
    const { sumSquare, ownSquares } = this.#values;
    const summed = this.#recorded.summed;
    this.#way.walks += 1;
    this.#direct(summed, weights);
    this.#ask([...present([sumSquare]), ...present(ownSquares)], [...summed.values(), ...this.#own()]);
    return { common: sumSquare === undefined ? 0 : 2 * this.#run.number(sumSquare), owned: this.#read(ownSquares) };
  }

  /** Has the parameters move along a sum. */
  #direct(direction: ReadonlyMap<number, string>, weights: readonly number[]): void {
    const { sums, sumSquare } = this.#values;
    this.#common = "summed";
    this.#direction = direction;
    this.#way.weights = weights;
    this.#run.weigh(weights, [...this.#recorded.summed.values(), ...sums.values(), ...present([sumSquare])]);
  }

  apart(): HeldSquares {
    this.#common = "apart";
    return this.#squares(this.#recorded.alone.flatMap((each) => [...each.values()]));
  }

  rows(): HeldSquares {
    const { formed } = this.#values;
    this.#common = "combined";
    this.#products = formed;
    return this.#squares(heldOf(formed));
  }

  parts(weights: readonly number[]): HeldSquares {
    const { formed, sums } = this.#values;
    const { alone } = this.#recorded;
    if (alone.length > mostApart) {
      this.#common = "combined";
      this.#products = formed;
      return this.#squares(heldOf(formed), present([formed.products]));
    }
    this.#direct(sums, weights);
    return this.#squares([...alone.flatMap((each) => [...each.values()]), ...sums.values()]);
  }

  /** Of each loss by itself. */
  #squares(held: readonly string[], read: readonly string[] = []): HeldSquares {
    const { aloneSquares, ownSquares } = this.#values;
    this.#way.walks += this.#recorded.alone.length;
    this.#ask([...present([...aloneSquares, ...ownSquares]), ...read], [...held, ...this.#own()]);
    return { common: this.#read(aloneSquares), owned: this.#read(ownSquares) };
  }

  track(means: Buffers, paces: readonly MeanPace[]): HeldMeans | undefined {
    const gradients = new Map([...this.#products.packed].map(([id, name]) => [id, this.#run.held(name) ?? -1]));
    const moved = this.#mover.track(gradients, means, paces);
    this.#means = moved?.tensors;
    if (moved === undefined) this.giveUp();
    return moved;
  }

  move(motion: HeldMotion): HeldMove | undefined {
    const { alone, own, summed } = this.#recorded;
    const { packed, inputs } = this.#products;
    const idOf = (name: string): number => this.#run.held(name) ?? -1;
    const ids = new Map([...own].map(([id, { values }]) => [id, idOf(values)]));
    const factors = this.#common === "combined" ? new Map([...inputs].map(([id, name]) => [id, idOf(name)])) : new Map<number, number>();
    const apart = new Map<number, readonly (number | undefined)[]>();
    if (this.#common === "apart") {
      for (const id of summed.keys()) {
        const names = alone.map((each) => each.get(id));
        apart.set(id, names.map((name) => (name === undefined ? undefined : idOf(name)))); // prettier-ignore
      }
    } else if (this.#means !== undefined) {
      for (const [id, tensor] of this.#means) ids.set(id, tensor);
    } else {
      for (const [id, name] of this.#common === "combined" ? packed : this.#direction) ids.set(id, idOf(name));
    }
    const { share, weights, ownedWeights } = motion;
    const shared = (each: readonly number[]): readonly number[] => (share === 1 ? each : each.map((weight) => share * weight));
    // The sum is there already; weights are shortened instead of it.
    const shortened = { weights: shared(weights), ownedWeights: shared(ownedWeights), share: this.#common === "summed" ? share : 1 };
    const moved = this.#mover.move({ common: this.#common, ids, factors, apart }, { ...motion, ...shortened });
    if (moved === undefined) return undefined;
    const { square } = moved;
    const parts = motion.asksMoves ? this.#partsOf(motion, moved.added) : undefined;
    return { ...(square === undefined ? {} : { square }), ...(parts === undefined ? {} : { parts }) };
  }

  #partsOf({ weights, rate }: HeldMotion, added: readonly AddedTensors[] | undefined): HeldParts | undefined {
    const { common } = this.#mover;
    const run = this.#run;
    if (added !== undefined) return new ApartParts({ run, alone: this.#recorded.alone, common, added, rate });
    const accumulators = this.#mover.accumulators();
    if (this.#direction === this.#values.sums) return new AloneParts({ run, alone: this.#recorded.alone, common, accumulators });
    if (this.#common !== "combined" || this.#products !== this.#values.formed) return undefined;
    return new PackedParts({ run, values: this.#products, weights, common, accumulators });
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

/**
 * ‖H‖² ‖D‖² as a multiple of ‖HᵀD‖² up to which products from factors will do. It is the number of rows where these have nothing to do with
 * each other; measured with inputs far from 0 and errors whose mean is 0, the products are then off by 5e-8 of the gradients' lengths at
 * 128, and 7e-7 at 785.
 */
const mostCancelled = 512;

function namesOf({ products, scales }: HeldProductValues): readonly string[] {
  return present([products, scales]);
}

function heldOf({ packed, inputs }: HeldProductValues): readonly string[] {
  return [...new Set([...packed.values(), ...inputs.values()])];
}
