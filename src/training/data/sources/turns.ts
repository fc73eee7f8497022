/**
 * Draws of each source in an epoch, given what there is to draw in each (rows, or batches): in proportion to the weights, and just as many
 * that everything of every source is drawn at least once.
 */
export function drawsPerEpoch(sizes: readonly number[], weights: readonly number[]): readonly number[] {
  // The source that is drawn least often for its size is drawn exactly once.
  const perWeight = sizes.reduce((most, size, source) => Math.max(most, size / (weights[source] ?? 1)), 0);
  return sizes.map((size, source) => Math.max(size, Math.round((weights[source] ?? 0) * perWeight)));
}

/** What a run tells of an epoch, given how often the rows of each source are drawn in it. */
export function epochNote(
  batches: number,
  how: string,
  sources: readonly { readonly name: string; readonly rows: number; readonly times: number }[],
): string {
  const each = sources.map(({ name, rows, times }) => {
    const often = times === 1 ? "once" : `${Number(times.toFixed(2))} times`;
    return `the ${rows.toLocaleString("en")} rows of ${name} ${often}`;
  });
  return `An epoch of ${batches.toLocaleString("en")} batches draws ${how}: ${each.join(", ")}.`;
}

/**
 * Whose turn it is, so that after any number of turns each source has had close to its share, never a whole turn more, and at the end of the
 * epoch its draws exactly: the next turn is of the source that is farthest behind. Equal shares take turns one after the other.
 */
export class EvenTurns {
  readonly #draws: readonly number[];
  readonly #total: number;
  readonly #taken: number[];
  #turns = 0;

  constructor(draws: readonly number[]) {
    this.#draws = draws;
    this.#total = draws.reduce((sum, each) => sum + each, 0);
    this.#taken = draws.map(() => 0);
  }

  /** Turns left in the epoch. */
  get left(): number {
    return this.#total - this.#turns;
  }

  /** Begins an epoch. */
  begin(): void {
    this.restore(this.#draws.map(() => 0));
  }

  /** The source of the next turn in the epoch. */
  next(): number {
    this.#turns += 1;
    let chosen = 0;
    let farthest = -Infinity;
    for (let source = 0; source < this.#draws.length; source++) {
      const behind = (this.#draws[source] ?? 0) * this.#turns - (this.#taken[source] ?? 0) * this.#total;
      if (behind > farthest) [chosen, farthest] = [source, behind];
    }
    this.#taken[chosen] = (this.#taken[chosen] ?? 0) + 1;
    return chosen;
  }

  /** Turns that each source has had in this epoch. */
  save(): readonly number[] {
    return [...this.#taken];
  }

  /** Throws `RangeError` when the turns are of other sources. */
  restore(taken: ArrayLike<number>): void {
    const fits = taken.length === this.#draws.length && this.#draws.every((draws, source) => (taken[source] ?? Infinity) <= draws);
    if (!fits) throw new RangeError(`The saved turns do not fit ${this.#draws.length} sources of ${this.#draws.join(", ")} draws.`);
    this.#turns = 0;
    this.#draws.forEach((_, source) => {
      this.#taken[source] = taken[source] ?? 0;
      this.#turns += taken[source] ?? 0;
    });
  }
}
