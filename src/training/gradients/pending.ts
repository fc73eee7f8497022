import { add, type Tensor } from "@tensorflow/tfjs-core";

/** Gradients on their way back, by tensor id, each the sum of what has arrived so far. Owns its tensors but those that are lent. */
export class Pending {
  readonly #gradients = new Map<number, Tensor>();
  /** Lent by another, who goes on to use them. */
  readonly #lent = new Set<Tensor>();

  has(id: number): boolean {
    return this.#gradients.has(id);
  }

  get(id: number): Tensor | undefined {
    return this.#gradients.get(id);
  }

  ids(): Iterable<number> {
    return this.#gradients.keys();
  }

  tensors(): Tensor[] {
    return [...this.#gradients.values()];
  }

  /** `gradient` belongs to this from now on. */
  add(id: number, gradient: Tensor): void {
    const before = this.#gradients.get(id);
    if (before === undefined) {
      this.#gradients.set(id, gradient);
      return;
    }
    this.#gradients.set(id, add(before, gradient));
    this.#dispose(before);
    this.#dispose(gradient);
  }

  /** Adds all gradients to those of another, each as it is or as something new that is made of it. */
  lendTo(other: Pending, made: (gradient: Tensor) => Tensor): void {
    for (const [id, gradient] of this.#gradients) {
      const given = made(gradient);
      if (given === gradient) other.#lent.add(given);
      other.add(id, given);
    }
  }

  /** Takes a gradient out; it belongs to the caller. */
  take(id: number): Tensor | undefined {
    const gradient = this.#gradients.get(id);
    this.#gradients.delete(id);
    return gradient;
  }

  drop(id: number): void {
    const gradient = this.take(id);
    if (gradient !== undefined) this.#dispose(gradient);
  }

  /** What is read of a gradient, which goes. */
  takeRead<V>(id: number, read: (gradient: Tensor) => V): V | undefined {
    const gradient = this.#gradients.get(id);
    const value = gradient === undefined ? undefined : read(gradient);
    this.drop(id);
    return value;
  }

  #dispose(gradient: Tensor): void {
    if (!this.#lent.has(gradient)) gradient.dispose();
  }
}
