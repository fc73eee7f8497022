import type { WasmHeap } from "../backend/wasm-heap.ts";
import type { GradientRows } from "../ownership-meter.ts";
import type { HeldAccumulators, HeldParts } from "../passes/held-gradients.ts";
import type { TrainedParameter } from "../trained-parameter.ts";

interface PlacedStep {
  readonly heap: WasmHeap;
  readonly common: readonly TrainedParameter[];
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
    const { common, gradient, direction, accumulators } = this.#step;
    const rows: GradientRows = {
      length: common[index]?.size ?? 0,
      read: (task, start, count) => {
        const address = gradient(index, task);
        if (address === undefined) throw new RangeError(`Task ${task} gives nothing to the common parameter ${index}.`);
        return this.#view(address, start, count);
      },
      readDirection: (start, count) => this.#view(direction(index), start, count),
    };
    see(rows, accumulators(index));
  }

  /** Products that are to be told are added up in another order than those that a step goes by. */
  products(): undefined {
    return undefined;
  }

  #view(address: number, start: number, count: number): Float32Array {
    const first = address / 4 + start;
    return this.#step.heap.floats().subarray(first, first + count);
  }
}
