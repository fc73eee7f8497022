/** Texts by code: 1 is the first that was met, 0 stands for none. */
export class Dictionary {
  readonly #texts: string[] = [];
  readonly #codes = new Map<string, number>();

  get size(): number {
    return this.#texts.length;
  }

  get texts(): readonly string[] {
    return this.#texts;
  }

  /** The code of a text, a new one where it was not met before. */
  code(text: string): number {
    const known = this.#codes.get(text);
    if (known !== undefined) return known;
    this.#texts.push(text);
    this.#codes.set(text, this.#texts.length);
    return this.#texts.length;
  }

  text(code: number): string | null {
    return code === 0 ? null : (this.#texts[code - 1] ?? null);
  }
}
