import type { PassHabit, PassMemory } from "../passes/pass.ts";

/**
 * What passes are asked for, by the kind of the pass. Part of a checkpoint: what is computed in one run is rounded otherwise than what is
 * computed in two.
 */
export class Habits {
  readonly #habits = new Map<string, PassHabit>();

  get(kind: string): PassHabit | undefined {
    return this.#habits.get(kind);
  }

  learn(kind: string, names: readonly string[], weights: readonly number[] | undefined): void {
    // Such weights come of a step that will not be made.
    if (weights?.every(Number.isFinite) === false) return;
    const before = this.#habits.get(kind);
    const isRepeated = areSame(names, before?.names);
    const isKnown = isRepeated && areSame(weights, before?.weights);
    this.#habits.set(kind, { names, ...(weights === undefined ? {} : { weights }), isRepeated, isKnown });
  }

  save(): PassMemory["habits"] {
    return Object.fromEntries(this.#habits);
  }

  restore(saved: PassMemory["habits"]): void {
    this.#habits.clear();
    for (const [kind, habit] of Object.entries(saved)) this.#habits.set(kind, habit);
  }
}

/** Also where both are missing. */
export function areSame<T>(a: readonly T[] | undefined, b: readonly T[] | undefined): boolean {
  return a?.length === b?.length && (a ?? []).every((value, position) => Object.is(value, b?.[position]));
}
