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

  learn(kind: string, { names, held, weights, inVain, areFormed = false }: Asked): void {
    // Such weights come of a step that will not be made.
    if (weights?.every(Number.isFinite) === false) return;
    const before = this.#habits.get(kind);
    const isRepeated = areSame(names, before?.names) && areSame(held, before?.held ?? []);
    const isKnown = isRepeated && areSame(weights, before?.weights);
    const isHeld = held.length > 0 && !inVain;
    const vain = isHeld ? 0 : (before?.vain ?? 0) + (inVain || (before?.vain ?? 0) > 0 ? 1 : 0);
    this.#habits.set(kind, {
      names,
      ...(held.length === 0 ? {} : { held }),
      ...(vain === 0 ? {} : { vain }),
      ...(areFormed ? { formed: (before?.formed ?? 0) + 1 } : {}),
      ...(weights === undefined ? {} : { weights }),
      isRepeated,
      isKnown,
    });
  }

  save(): PassMemory["habits"] {
    return Object.fromEntries(this.#habits);
  }

  restore(saved: PassMemory["habits"]): void {
    this.#habits.clear();
    for (const [kind, habit] of Object.entries(saved)) this.#habits.set(kind, habit);
  }
}

/** Where gradients were held in vain so often, it is tried again only once in many passes. */
const mostVain = 3;
const passesToTryAgain = 64;

export function isWorthHolding(habit: PassHabit | undefined): boolean {
  const vain = habit?.vain ?? 0;
  return vain < mostVain || vain % passesToTryAgain === 0;
}

/** Whether products of the gradients may come of their factors. */
export function isWorthFactoring(habit: PassHabit | undefined): boolean {
  return (habit?.formed ?? 0) % passesToTryAgain === 0;
}

/** What a pass was asked for. */
export interface Asked {
  readonly names: readonly string[];
  readonly held: readonly string[];
  /** Of the last sum. */
  readonly weights: readonly number[] | undefined;
  /** Gradients were held, and then not used so. */
  readonly inVain: boolean;
  /** Gradients were computed themselves because their products would be lost in those of their factors. */
  readonly areFormed?: boolean;
}

/** Also where both are missing. */
export function areSame<T>(a: readonly T[] | undefined, b: readonly T[] | undefined): boolean {
  return a?.length === b?.length && (a ?? []).every((value, position) => Object.is(value, b?.[position]));
}
