import { add, elu, minimum, mul, relu, softmax, transpose, type Tensor } from "@tensorflow/tfjs-core";
import { OwnLayer, positionOf } from "./own-layer.ts";

/** x above zero, α (eˣ − 1) below; the library's layer takes no other α than 1. */
export class ExponentialLinear extends OwnLayer {
  static override readonly className = "ExponentialLinear";
  readonly #alpha: number;

  constructor({ alpha }: Readonly<Record<string, unknown>>) {
    super({});
    this.#alpha = Number(alpha);
  }

  protected override compute(input: Tensor): Tensor {
    return this.#alpha === 1 ? elu(input) : add(relu(input), mul(elu(minimum(input, 0)), this.#alpha));
  }
}

/** Shares that sum to 1 along any axis; the library's layer knows the last alone. */
export class Softmax extends OwnLayer {
  static override readonly className = "Softmax";
  readonly #axis: number;

  constructor({ axis }: Readonly<Record<string, unknown>>) {
    super({});
    this.#axis = Number(axis);
  }

  protected override compute(input: Tensor): Tensor {
    const axis = positionOf(this.#axis, input.rank);
    if (axis === input.rank - 1) return softmax(input);
    // Swapping two axes is its own inverse.
    const swapped = input.shape.map((_, position) => (position === axis ? input.rank - 1 : position === input.rank - 1 ? axis : position));
    return transpose(softmax(transpose(input, swapped)), swapped);
  }
}
