import type { Buffers, MeanPace } from "../../balancers/balancer.ts";
import type {
  HeldGradients,
  HeldMeans,
  HeldMotion,
  HeldMove,
  HeldParts,
  HeldProducts,
  HeldSquares,
  HeldSum,
} from "../passes/held-gradients.ts";
import type { KnownMoves } from "../shared-step.ts";
import type { CompiledWay } from "./compiled-way.ts";
import type { TaskRows } from "./heap-means.ts";
import type { HeapUpdate, WeighedRow } from "./heap-update.ts";
import type { CommonCourse } from "./motion-kind.ts";
import { PlacedParts, type PlacedStep } from "./placed-parts.ts";
import type { RecordedWay } from "./recorded-pass.ts";
import type { ReplayedRun } from "./replayed-run.ts";
import type { UpdateParts } from "./update-layout.ts";

interface HoldParts {
  readonly way: CompiledWay;
  readonly recorded: RecordedWay;
  readonly run: ReplayedRun;
  readonly update: HeapUpdate;
  readonly moved: UpdateParts;
}

/** The gradients of a replayed pass, where its kernels have written them on the heap. */
export class ReplayedHold implements HeldGradients {
  /** Values that were asked to stay. */
  readonly asked = new Set<string>();
  inVain = false;
  readonly #parts: HoldParts;
  #common: CommonCourse = "summed";
  /** What a motion goes along in place of the gradients. */
  #means: TaskRows | undefined;

  constructor(parts: HoldParts) {
    this.#parts = parts;
  }

  products(): HeldProducts {
    const { recorded, way } = this.#parts;
    this.#common = "combined";
    way.walks += recorded.alone.length;
    this.#stay([...recorded.alone.flatMap((each) => [...each.values()]), ...this.#own()]);
    return { gram: this.#gram(), owned: this.#ownSquares() };
  }

  /** Products of what a motion goes along. */
  #gram(): readonly (readonly number[])[] {
    const { recorded, update, moved } = this.#parts;
    const size = recorded.alone.length;
    const gram = Array.from({ length: size }, () => Array<number>(size).fill(0));
    for (const { id, size: length } of moved.common) {
      const rows = this.#rows(id);
      const products = update.vectors.gram(
        rows.map(({ address }) => address),
        length,
      );
      rows.forEach(({ position }, i) => {
        const row = gram[position] ?? [];
        rows.forEach((other, j) => (row[other.position] = (row[other.position] ?? 0) + (products[i * rows.length + j] ?? 0)));
      });
    }
    return gram;
  }

  sum(weights: readonly number[]): HeldSum {
    const { recorded, run, update, way, moved } = this.#parts;
    const summed = [...recorded.summed.values()];
    this.#common = "summed";
    way.walks += 1;
    way.weights = weights;
    run.weigh(weights, summed);
    this.#stay([...summed, ...this.#own()]);
    const common = moved.common.reduce(
      (sum, { id, size }) => sum + update.vectors.squaredNorm(this.#addressOf(recorded.summed.get(id)), size),
      0,
    );
    return { common, owned: this.#ownSquares() };
  }

  apart(): HeldSquares {
    return this.#squares("apart");
  }

  rows(): HeldSquares {
    return this.#squares("combined");
  }

  parts(): HeldSquares {
    return this.#squares("combined");
  }

  track(means: Buffers, paces: readonly MeanPace[]): HeldMeans {
    const { update, moved } = this.#parts;
    const gradients = new Map(moved.common.map(({ id }) => [id, this.#rows(id).map(({ address }) => address)]));
    const { rows, buffers } = update.track(gradients, means, paces);
    this.#means = rows;
    return { gram: this.#gram(), buffers };
  }

  #squares(course: CommonCourse): HeldSquares {
    const { recorded, update, way, moved } = this.#parts;
    this.#common = course;
    way.walks += recorded.alone.length;
    this.#stay([...recorded.alone.flatMap((each) => [...each.values()]), ...this.#own()]);
    const common = Array<number>(recorded.alone.length).fill(0);
    for (const { id, size } of moved.common) {
      for (const { position, address } of this.#rows(id))
        common[position] = (common[position] ?? 0) + update.vectors.squaredNorm(address, size);
    }
    return { common, owned: this.#ownSquares() };
  }

  move(motion: HeldMotion): HeldMove | undefined {
    const { weights, ownedWeights, rate, share, asksMoves } = motion;
    const { recorded, run, update, moved } = this.#parts;
    // Another pass may have written over them.
    const needed = this.#common === "summed" ? [recorded.summed] : recorded.alone;
    const names = [...this.#own(), ...needed.flatMap((each) => [...each.values()])];
    if (!names.every((name) => run.held(name) !== undefined)) return undefined;
    const owned = new Map(
      moved.owned.map(({ id, size, reach }) => {
        const address = this.#addressOf(recorded.own.get(id)?.values);
        const weight = share * (ownedWeights[reach[0] ?? -1] ?? 0);
        return [id, weight === 1 ? address : update.combined([address], [weight], size, id)];
      }),
    );
    if (this.#common === "apart") {
      const rows = new Map(moved.common.map(({ id }) => [id, this.#rows(id).map(({ address }) => address)]));
      const made = update.moveApart(owned, rows, motion);
      if (made === undefined) return undefined;
      const { square, directions, moves } = made;
      const parts = (): HeldParts => this.#partsAlong((index) => directions[index], (index) => this.#known(index, moves[index] ?? [])); // prettier-ignore
      return asksMoves ? { square, parts: parts() } : { square };
    }
    const gradients = new Map<number, number>(owned);
    if (motion.signs !== undefined) {
      const { masking, bits } = motion.signs;
      const square = moved.common.reduce((sum, { id, size }, index) => {
        const rows = this.#weighed(id, weights);
        const address = update.masked(rows, masking, bits[index] ?? new Uint32Array(0), id);
        gradients.set(id, address);
        return sum + update.vectors.squaredNorm(address, size);
      }, 0);
      return update.move(gradients, rate) ? { square } : undefined;
    }
    for (const { id, size } of moved.common) {
      const summed = this.#common === "summed" ? this.#addressOf(recorded.summed.get(id)) : undefined;
      const rows = summed === undefined ? this.#weighed(id, weights) : [{ address: summed, weight: 1 }];
      const address =
        summed !== undefined && share === 1
          ? summed
          : update.combined(
              rows.map((row) => row.address),
              rows.map(({ weight }) => share * weight),
              size,
              id,
            );
      gradients.set(id, address);
    }
    if (!update.move(gradients, rate)) return undefined;
    if (!asksMoves || this.#common !== "combined") return {};
    const directionOf = (index: number): number | undefined => gradients.get(moved.common[index]?.id ?? -1);
    return { parts: this.#partsAlong(directionOf, (index) => update.accumulators(index)) };
  }

  /** What the tasks of the reach of a common parameter moved. */
  #known(index: number, moves: readonly Float32Array[]): KnownMoves {
    const reach = this.#parts.moved.common[index]?.reach ?? [];
    return {
      read: (task, start, count) => (moves[reach.indexOf(task)] ?? new Float32Array(0)).subarray(start, start + count),
    };
  }

  #partsAlong(direction: (index: number) => number | undefined, moves: PlacedStep["moves"]): HeldParts {
    const { recorded, update, moved } = this.#parts;
    const idOf = (index: number): number => moved.common[index]?.id ?? -1;
    return new PlacedParts({
      heap: update.heap,
      common: moved.common,
      gradient: (index, task) => {
        const name = recorded.alone[task]?.get(idOf(index));
        return name === undefined ? undefined : this.#addressOf(name);
      },
      direction: (index) => direction(index) ?? 0,
      moves,
    });
  }

  giveUp(): void {
    this.inVain = true;
  }

  #own(): readonly string[] {
    return [...this.#parts.recorded.own.values()].map(({ values }) => values);
  }

  #ownSquares(): readonly number[] {
    const { recorded, update, moved } = this.#parts;
    const squares = Array<number>(recorded.alone.length).fill(0);
    for (const { id, size } of moved.owned) {
      const own = recorded.own.get(id);
      if (own !== undefined) squares[own.loss] = (squares[own.loss] ?? 0) + update.vectors.squaredNorm(this.#addressOf(own.values), size);
    }
    return squares;
  }

  /** The gradients of one variable, of the losses that it has some of; or their moving means. */
  #rows(id: number): readonly { readonly position: number; readonly address: number }[] {
    const means = this.#means?.get(id);
    let reached = 0;
    return this.#parts.recorded.alone.flatMap((each, position) => {
      const name = each.get(id);
      return name === undefined ? [] : [{ position, address: means?.[reached++] ?? this.#addressOf(name) }];
    });
  }

  #weighed(id: number, weights: readonly number[]): readonly WeighedRow[] {
    return this.#rows(id).map(({ position, address }) => ({ address, weight: weights[position] ?? 0 }));
  }

  #addressOf(name: string | undefined): number {
    const address = name === undefined ? undefined : this.#parts.run.held(name);
    if (address === undefined) throw new RangeError("A gradient that was held is not there any more.");
    return address;
  }

  #stay(names: readonly string[]): void {
    const { run, way } = this.#parts;
    for (const name of names) this.asked.add(name);
    way.ask(
      [],
      [...new Set(names)].filter((name) => run.held(name) === undefined),
    );
  }
}
