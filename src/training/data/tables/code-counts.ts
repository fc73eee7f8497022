import { splitNames } from "../split.ts";
import type { Split } from "../../../experiment/record.ts";

/** How often each code of a column is in each split, and where it was met there first. */
export class CodeCounts {
  readonly #counts = { train: new Map<number, number>(), validation: new Map<number, number>(), test: new Map<number, number>() };
  readonly #places = { train: new Map<number, number>(), validation: new Map<number, number>(), test: new Map<number, number>() };

  add(split: Split, code: number, place: number): void {
    const counts = this.#counts[split];
    const before = counts.get(code);
    counts.set(code, (before ?? 0) + 1);
    if (before === undefined) this.#places[split].set(code, place);
  }

  /** Codes of a split, without that of missing values. */
  codes(split: Split): number[] {
    return [...this.#counts[split].keys()].filter((code) => code !== 0);
  }

  hasMissing(split: Split): boolean {
    return this.#counts[split].has(0);
  }

  /** Codes that training rows do not have, with the first place of each. */
  unseen(): readonly { readonly split: Split; readonly code: number; readonly rows: number; readonly place: number }[] {
    return splitNames
      .filter((split) => split !== "train")
      .flatMap((split) =>
        this.codes(split)
          .filter((code) => !this.#counts.train.has(code))
          .map((code) => ({ split, code, rows: this.#counts[split].get(code) ?? 0, place: this.#places[split].get(code) ?? 0 })),
      );
  }
}
