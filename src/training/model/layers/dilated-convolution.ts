import { batchToSpaceND, spaceToBatchND, transpose, Tensor } from "@tensorflow/tfjs-core";
import type { layers } from "@tensorflow/tfjs-layers";
import { OwnLayer, singleShape } from "./own-layer.ts";

type Arguments = Readonly<Record<string, unknown>>;

/**
 * A convolution whose taps lie d pixels apart. Every d-th pixel is a picture of its own (`spaceToBatchND`), on which the library's layer
 * convolves without gaps; then the pictures are put together again. So it has a gradient, which the library's own dilation has not, and is
 * not left out, as the library's depthwise layer does. For stride 1 only, as everywhere.
 */
export class DilatedConvolution extends OwnLayer {
  static override readonly className = "DilatedConvolution";
  readonly #inner: layers.Layer;
  readonly #dilations: readonly number[];
  /** Pixels that the window spans beyond its first, along each axis. */
  readonly #reach: readonly number[];
  readonly #isSame: boolean;
  readonly #channelsFirst: boolean;

  /** `make` builds the library's layer; `axes` is the number of axes that the window has. */
  constructor(make: (args: Arguments) => layers.Layer, args: Arguments, axes: 1 | 2) {
    super({});
    const alongAxes = (name: string) => numbers(args[name] ?? 1, axes, name);
    if (alongAxes("strides").some((stride) => stride > 1)) throw new RangeError("strides and dilationRate cannot both be above 1");
    this.#dilations = alongAxes("dilationRate");
    this.#reach = alongAxes("kernelSize").map((size, axis) => (size - 1) * (this.#dilations[axis] ?? 1));
    this.#isSame = args["padding"] === "same";
    this.#channelsFirst = args["dataFormat"] === "channelsFirst";
    this.#inner = make({ ...args, dilationRate: 1, padding: "valid", dataFormat: "channelsLast" });
    // Its weights are this layer's: here they are counted, drawn, trained and disposed of.
    Object.defineProperty(this.#inner, "addWeight", { value: (...weight: Parameters<typeof this.addWeight>) => this.addWeight(...weight) });
  }

  override build(inputShape: Parameters<layers.Layer["build"]>[0]): void {
    this.#inner.build(this.#channelsLast(singleShape(inputShape)));
    this.#inner.built = true;
    this.built = true;
  }

  override computeOutputShape(inputShape: Parameters<layers.Layer["build"]>[0]): (number | null)[] {
    const [batch = null, ...rest] = this.#channelsLast(singleShape(inputShape));
    const channels = this.#inner.computeOutputShape([batch, ...rest]).at(-1);
    if (typeof channels !== "number") throw new TypeError("A convolution has one output.");
    const space = rest.slice(0, -1).map((size, axis) => (size === null || this.#isSame ? size : size - (this.#reach[axis] ?? 0)));
    return this.#channelsFirst ? [batch, channels, ...space] : [batch, ...space, channels];
  }

  protected override compute(input: Tensor, training: boolean): Tensor {
    const pictures = this.#channelsFirst ? transpose(input, [0, 2, 3, 1]) : input;
    const paddings = this.#reach.map((reach, axis) => this.#padding(reach, axis, pictures.shape));
    const apart = spaceToBatchND(
      pictures,
      [...this.#dilations],
      paddings.map(({ before, after }) => [before, after]),
    );
    const convolved = this.#inner.apply(apart, { training });
    if (!(convolved instanceof Tensor)) throw new TypeError("A convolution has one output.");
    const together = batchToSpaceND(
      convolved,
      [...this.#dilations],
      paddings.map(({ surplus }) => [0, surplus]),
    );
    return this.#channelsFirst ? transpose(together, [0, 3, 1, 2]) : together;
  }

  /** Zeros around the pictures, and how many of them are there only so that the size can be divided by the dilation. */
  #padding(
    reach: number,
    axis: number,
    shape: readonly number[],
  ): { readonly before: number; readonly after: number; readonly surplus: number } {
    const border = this.#isSame ? reach : 0;
    const dilation = this.#dilations[axis] ?? 1;
    const size = (shape[axis + 1] ?? 0) + border;
    const surplus = Math.ceil(size / dilation) * dilation - size;
    const before = Math.floor(border / 2);
    return { before, after: border - before + surplus, surplus };
  }

  #channelsLast([batch = null, channels = null, ...space]: readonly (number | null)[]): (number | null)[] {
    return this.#channelsFirst ? [batch, ...space, channels] : [batch, channels, ...space];
  }
}

export function isDilated(args: Arguments): boolean {
  const rate = args["dilationRate"] ?? 1;
  return (Array.isArray(rate) ? rate : [rate]).some((each) => each !== 1);
}

function numbers(value: unknown, count: number, name: string): number[] {
  const given: readonly unknown[] = Array.isArray(value) && value.length === count ? value : Array.from({ length: count }, () => value);
  return given.map((each) => {
    if (typeof each !== "number") throw new TypeError(`${name} has ${count} numbers`);
    return each;
  });
}
