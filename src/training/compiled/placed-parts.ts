import type { WasmHeap } from "../backend/wasm-heap.ts";
import { dot } from "../gradients/gram.ts";
import { LayerProducts } from "../gradients/products.ts";
import type { GradientRows } from "../ownership-meter.ts";
import type { HeldAccumulators, HeldParts } from "../passes/held-gradients.ts";
import type { TrainedParameter } from "../trained-parameter.ts";

interface PlacedStep {
  readonly heap: WasmHeap;
  readonly common: readonly TrainedParameter[];
  readonly tasks: number;
  /** Byte address of the gradient that a task has of a common parameter; undefined out of its reach. */
  readonly gradient: (index: number, task: number) => number | undefined;
  /** Of the direction. */
  readonly direction: (index: number) => number;
  readonly accumulators: (index: number) => HeldAccumulators;
}

/** Parts of a step whose gradients and accumulators are on the wasm backend's heap. */
export class PlacedParts implements HeldParts {
  readonly precision = "double";
  readonly #step: PlacedStep;

  constructor(step: PlacedStep) {
    this.#step = step;
  }

  show(index: number, see: (gradients: GradientRows, accumulators: HeldAccumulators) => void): void {
    const { common, gradient, accumulators } = this.#step;
    const rows: GradientRows = {
      length: common[index]?.size ?? 0,
      read: (task, start, count) => {
        const address = gradient(index, task);
        if (address === undefined) throw new RangeError(`Task ${task} gives nothing to the common parameter ${index}.`);
        return this.#view(address, start, count);
      },
    };
    see(rows, accumulators(index));
  }

  products(): { readonly products: LayerProducts; readonly square: number } {
    const { common, tasks, gradient, direction } = this.#step;
    const products = new LayerProducts(tasks + 1, common.map(({ parameter }) => parameter.layer)); // prettier-ignore
    let square = 0;
    common.forEach(({ size, parameter }, index) => {
      const applied = this.#view(direction(index), 0, size);
      const rows = Array.from({ length: tasks }, (_, task) => {
        const address = gradient(index, task);
        return address === undefined ? undefined : this.#view(address, 0, size);
      });
      products.add(parameter.layer, [...rows, applied]);
      square += dot(applied, applied);
    });
    return { products, square };
  }

  #view(address: number, start: number, count: number): Float32Array {
    const first = address / 4 + start;
    return this.#step.heap.floats().subarray(first, first + count);
  }
}
