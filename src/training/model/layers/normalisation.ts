import { add, customGrad, mean, mul, reshape, rsqrt, square, sub, type Tensor } from "@tensorflow/tfjs-core";
import { initializers, type layers } from "@tensorflow/tfjs-layers";
import { OwnLayer, positionOf, singleShape } from "./own-layer.ts";

type Arguments = Readonly<Record<string, unknown>>;
type InputShape = Parameters<layers.Layer["build"]>[0];
type Weight = layers.Layer["weights"][number];

/**
 * y = γ (x − μ) ⁄ √(σ² + ε) + β, with mean and variance over some axes, and γ and β along one. The library's two layers fail without γ or
 * β while training, and on other axes than the last.
 */
abstract class Normalisation extends OwnLayer {
  readonly #arguments: Arguments;
  readonly #epsilon: number;
  #gamma: Weight | undefined;
  #beta: Weight | undefined;

  constructor(args: Arguments) {
    super({});
    this.#arguments = args;
    this.#epsilon = numberIn(args, "epsilon");
  }

  override build(inputShape: InputShape): void {
    const size = this.channels(inputShape);
    if (this.#arguments["scale"] !== false) this.#gamma = this.weight("gamma", size, true);
    if (this.#arguments["center"] !== false) this.#beta = this.weight("beta", size, true);
    this.built = true;
  }

  /** Position of the channels' axis among `axes`. */
  protected axis(axes: number): number {
    return positionOf(numberIn(this.#arguments, "axis"), axes);
  }

  protected channels(inputShape: InputShape): number | null {
    const shape = singleShape(inputShape);
    return shape[this.axis(shape.length)] ?? null;
  }

  protected weight(name: "gamma" | "beta" | "moving_mean" | "moving_variance", size: number | null, isTrained: boolean): Weight {
    const first = this.#arguments[`${name.replace(/_./, (mark) => mark.slice(1).toUpperCase())}Initializer`];
    return this.addWeight(name, [size], "float32", first === "ones" ? initializers.ones() : initializers.zeros(), undefined, isTrained);
  }

  /** A weight for each channel, in a shape that fits the input. */
  protected along(weight: Weight, input: Tensor): Tensor {
    const axis = this.axis(input.rank);
    return reshape(
      weight.read(),
      input.shape.map((size, position) => (position === axis ? size : 1)),
    );
  }

  protected standardised(input: Tensor, axes: readonly number[]): Standardised {
    return standardise(input, axes, this.#epsilon);
  }

  /** (x − μ) ⁄ √(σ² + ε) for a mean and a variance that are given. */
  protected standardisedBy(input: Tensor, average: Tensor, variance: Tensor): Tensor {
    return mul(sub(input, average), rsqrt(add(variance, this.#epsilon)));
  }

  protected scaled(standard: Tensor): Tensor {
    const product = this.#gamma === undefined ? standard : mul(standard, this.along(this.#gamma, standard));
    return this.#beta === undefined ? product : add(product, this.along(this.#beta, standard));
  }
}

/** Batch normalisation (Ioffe & Szegedy, ICML 2015): each channel over all rows and pixels of the batch; by moving statistics when it does not train. */
export class BatchNormalization extends Normalisation {
  static override readonly className = "BatchNormalization";
  readonly #momentum: number;
  #mean: Weight | undefined;
  #variance: Weight | undefined;

  constructor(args: Arguments) {
    super(args);
    this.#momentum = numberIn(args, "momentum");
  }

  override build(inputShape: InputShape): void {
    super.build(inputShape);
    this.#mean = this.weight("moving_mean", this.channels(inputShape), false);
    this.#variance = this.weight("moving_variance", this.channels(inputShape), false);
  }

  protected override compute(input: Tensor, training: boolean): Tensor {
    if (this.#mean === undefined || this.#variance === undefined) throw new TypeError("The layer was not built.");
    if (!training) return this.scaled(this.standardisedBy(input, this.along(this.#mean, input), this.along(this.#variance, input)));
    const channels = this.axis(input.rank);
    const others = input.shape.map((_, axis) => axis).filter((axis) => axis !== channels);
    const { standard, average, variance } = this.standardised(input, others);
    move(this.#mean, average, this.#momentum);
    move(this.#variance, variance, this.#momentum);
    return this.scaled(standard);
  }
}

/** Layer normalisation (Ba et al., 2016, arXiv 1607.06450): each row and pixel over its channels. */
export class LayerNormalization extends Normalisation {
  static override readonly className = "LayerNormalization";

  protected override compute(input: Tensor): Tensor {
    return this.scaled(this.standardised(input, [this.axis(input.rank)]).standard);
  }
}

interface Standardised {
  readonly standard: Tensor;
  /** Over the axes, which are kept with size 1. */
  readonly average: Tensor;
  readonly variance: Tensor;
}

/**
 * x̂ = (x − μ) ⁄ √(σ² + ε) with mean and variance over `axes`. Its gradient in closed form, d being that of the loss in x̂:
 *
 *   ∂L/∂x = (d − mean(d) − x̂ mean(d x̂)) ⁄ √(σ² + ε)
 */
function standardise(input: Tensor, axes: readonly number[], epsilon: number): Standardised {
  const over = (values: Tensor): Tensor => mean(values, [...axes], true);
  const average = over(input);
  const centred = sub(input, average);
  const variance = over(square(centred));
  const slope = rsqrt(add(variance, epsilon));
  const standard = customGrad((...inputs) => {
    const save = inputs.at(-1);
    if (typeof save !== "function") throw new TypeError("Nothing can be saved for the gradient.");
    const value = mul(centred, slope);
    save([value, slope]);
    return {
      value,
      gradFunc: (dy: Tensor, [normal, inverse]: Tensor[]) => {
        if (normal === undefined || inverse === undefined) throw new TypeError("What the gradient needs was not saved.");
        return mul(sub(sub(dy, over(dy)), mul(normal, over(mul(dy, normal)))), inverse);
      },
    };
  })(input);
  return { standard, average, variance };
}

function move(weight: Weight, now: Tensor, momentum: number): void {
  const before = weight.read();
  weight.write(add(mul(before, momentum), mul(reshape(now, before.shape), 1 - momentum)));
}

function numberIn(args: Arguments, name: string): number {
  const value = args[name];
  if (typeof value !== "number") throw new TypeError(`${name} is a number`);
  return value;
}
