import { add, matMul, Tensor } from "@tensorflow/tfjs-core";
import { initializers, layers, type Shape } from "@tensorflow/tfjs-layers";

/**
 * Output layer of ordered classes: one score for all thresholds, and a bias for each, `score + bias_k`. So the logits of a row
 * differ by the same amounts in all rows, and in the order of the biases (CORAL: Cao, Mirjalili, Raschka 2020, arXiv 1901.07884).
 * Weights: `kernel` `[features, 1]`, `bias` `[thresholds]`. They begin at zero; the builder draws the kernel.
 */
export class ThresholdLayer extends layers.Layer {
  static readonly className = "Thresholds";
  readonly #thresholds: number;

  constructor(thresholds: number) {
    super({});
    this.#thresholds = thresholds;
  }

  override build(inputShape: Shape | Shape[]): void {
    const features = axesOf(inputShape).at(-1) ?? null;
    this.addWeight("kernel", [features, 1], "float32", initializers.zeros());
    this.addWeight("bias", [this.#thresholds], "float32", initializers.zeros());
    this.built = true;
  }

  override call(inputs: Tensor | Tensor[]): Tensor {
    const [kernel, bias] = this.weights.map((weight) => weight.read());
    const input = inputs instanceof Tensor ? inputs : inputs[0];
    if (input === undefined || kernel === undefined || bias === undefined) throw new TypeError("The layer of thresholds is not built.");
    return add(matMul(input, kernel), bias);
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    return [...axesOf(inputShape).slice(0, -1), this.#thresholds];
  }
}

function axesOf(shape: Shape | Shape[]): Shape {
  const [first] = shape;
  if (Array.isArray(first)) return first;
  return shape.map((axis) => (Array.isArray(axis) ? null : axis));
}
