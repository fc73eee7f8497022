/** Takes a stream of bytes apart: a few from its beginning, then the rest as it comes. */
export class ByteReader {
  readonly #chunks: AsyncIterator<unknown>;
  #held: Buffer = Buffer.alloc(0);
  /** Bytes given out so far. */
  #taken = 0;

  constructor(stream: AsyncIterable<unknown>) {
    this.#chunks = stream[Symbol.asyncIterator]();
  }

  get taken(): number {
    return this.#taken;
  }

  /** The next bytes without going on; fewer only at the end. */
  async peek(count: number): Promise<Buffer> {
    while (this.#held.length < count) {
      const more = await this.#more();
      if (more === undefined) break;
      this.#held = this.#held.length === 0 ? more : Buffer.concat([this.#held, more]);
    }
    return this.#held.subarray(0, count);
  }

  /** The next bytes; fewer only at the end. */
  async take(count: number): Promise<Buffer> {
    const bytes = await this.peek(count);
    this.#held = this.#held.subarray(bytes.length);
    this.#taken += bytes.length;
    return bytes;
  }

  /** The next bytes as they come, `undefined` at the end. */
  async next(): Promise<Buffer | undefined> {
    const bytes = this.#held.length > 0 ? this.#held : await this.#more();
    this.#held = Buffer.alloc(0);
    this.#taken += bytes?.length ?? 0;
    return bytes;
  }

  /** Ends the stream behind it. */
  async close(): Promise<void> {
    await this.#chunks.return?.();
  }

  async #more(): Promise<Buffer | undefined> {
    for (;;) {
      const next: IteratorResult<unknown, unknown> = await this.#chunks.next();
      if (next.done === true) return undefined;
      // Text comes only where an encoding was asked for.
      if (Buffer.isBuffer(next.value) && next.value.length > 0) return next.value;
    }
  }
}
