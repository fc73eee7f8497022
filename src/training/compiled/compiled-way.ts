import type { LockStepVisitor, OwnGradient, VariableGradients, WayBack } from "../gradients/way-back.ts";
import type { PassRun } from "./pass-run.ts";
import type { RecordedWay } from "./recorded-pass.ts";

/** The way back of a recording, with the fewest runs that what is expected allows for. */
export class CompiledWay implements WayBack {
  readonly losses: number;
  walks = 0;
  /** What was asked for. */
  readonly asked = new Set<string>();
  /** Of the last sum that was asked for. */
  weights: readonly number[] | undefined;
  readonly #way: RecordedWay;
  readonly #run: PassRun;
  /** What depends on the weights. */
  readonly #weighed: readonly string[];
  readonly #expected: Expected;
  #own: ReadonlyMap<number, OwnGradient> | undefined;

  /**
   * @param expected what will most likely be asked for
   * @param weighed what depends on the weights beside the sum
   */
  constructor(way: RecordedWay, run: PassRun, expected: Expected = { names: [] }, weighed: readonly string[] = []) {
    this.#way = way;
    this.#run = run;
    this.#expected = expected;
    this.#weighed = [...way.summed.values(), ...weighed];
    this.losses = way.alone.length;
    if (this.losses === 1) this.walks += 1;
  }

  get own(): ReadonlyMap<number, OwnGradient> {
    if (this.#own === undefined) {
      this.ask([...this.#way.own.values()].map(({ values }) => values));
      this.#own = new Map([...this.#way.own].map(([id, { loss, values }]) => [id, { loss, values: this.#run.values(values) }]));
    }
    return this.#own;
  }

  representation(): readonly (readonly (Float32Array | undefined)[])[] {
    const { representation } = this.#way;
    this.ask(representation.flatMap((row) => present(row)));
    return representation.map((row) => row.map((name) => this.#valuesOf(name)));
  }

  summed(weights: readonly number[]): VariableGradients {
    this.walks += 1;
    const { summed } = this.#way;
    this.weights = weights;
    this.#run.weigh(weights, summed.values());
    return this.#gradients(summed);
  }

  alone(position: number): VariableGradients {
    this.walks += 1;
    return this.#gradients(this.#way.alone[position] ?? new Map<number, string>());
  }

  inLockStep(visit: LockStepVisitor, variables?: ReadonlySet<number>): void {
    if (variables === undefined && this.losses > 1) this.walks += this.losses;
    const { alone } = this.#way;
    const ids = [...new Set(alone.flatMap((each) => [...each.keys()]))].filter((id) => variables?.has(id) !== false);
    this.ask(ids.flatMap((id) => present(alone.map((each) => each.get(id)))));
    for (const id of ids) {
      visit(
        id,
        alone.map((each) => this.#valuesOf(each.get(id))),
      );
    }
  }

  #gradients(names: VariableGradients<string>): VariableGradients {
    this.ask([...names.values()]);
    return new Map([...names].map(([id, name]) => [id, this.#run.values(name)]));
  }

  #valuesOf(name: string | undefined): Float32Array | undefined {
    return name === undefined ? undefined : this.#run.values(name);
  }

  /** These were asked for, and are not worth asking for again. */
  takeBack(names: readonly string[]): void {
    for (const name of names) this.asked.delete(name);
  }

  /** Has some values at hand, and some stay with TensorFlow. */
  ask(names: readonly string[], held: readonly string[] = []): void {
    for (const name of names) this.asked.add(name);
    // Values that stay with TensorFlow can be read, but values that were read are not with it.
    const isThere = (name: string): boolean => this.#run.held(name) !== undefined;
    if (names.every((name) => this.#run.has(name)) && held.every(isThere)) return;
    // What depends on the weights must wait for them.
    const unweighed = new Set(this.#run.weights === undefined ? this.#weighed : []);
    const likely = this.#expected.names.filter((name) => !unweighed.has(name));
    const likelyHeld = (this.#expected.held ?? []).filter((name) => !unweighed.has(name));
    this.#run.compute(
      [...names, ...likely].filter((name) => !this.#run.has(name)),
      { held: [...new Set([...held, ...likelyHeld])].filter((name) => !isThere(name)) },
    );
  }
}

/** What will most likely be asked for: values to read, and values that stay with TensorFlow. */
export interface Expected {
  readonly names: readonly string[];
  readonly held?: readonly string[] | undefined;
}

export function present<T>(values: readonly (T | undefined)[]): T[] {
  return values.flatMap((value) => (value === undefined ? [] : [value]));
}
