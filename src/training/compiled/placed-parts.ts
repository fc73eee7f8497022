import type { WasmHeap } from "../backend/wasm-heap.ts";
import type { HeldAccumulators, HeldParts } from "../passes/held-gradients.ts";
import type { GradientRows, KnownMoves } from "../shared-step.ts";
import type { TrainedParameter } from "../trained-parameter.ts";

export interface PlacedStep {
  readonly heap: WasmHeap;
  readonly common: readonly TrainedParameter[];
  /** Byte address of the gradient that a task has of a common parameter; undefined out of its reach. */
  readonly gradient: (index: number, task: number) => number | undefined;
  /** Of the direction. */
  readonly direction: (index: number) => number;
  readonly moves: (index: number) => HeldAccumulators | KnownMoves;
}

/** Parts of a step whose gradients are on the wasm backend's heap. */
export class PlacedParts implements HeldParts {
  readonly precision = "double";
  readonly #step: PlacedStep;

  constructor(step: PlacedStep) {
    this.#step = step;
  }

  show(index: number, see: (gradients: GradientRows, moves: HeldAccumulators | KnownMoves) => void): void {
    const { common, gradient, direction, moves } = this.#step;
    const rows: GradientRows = {
      length: common[index]?.size ?? 0,
      read: (task, start, count) => {
        const address = gradient(index, task);
        if (address === undefined) throw new RangeError(`Task ${task} gives nothing to the common parameter ${index}.`);
        return this.#view(address, start, count);
      },
      readDirection: (start, count) => this.#view(direction(index), start, count),
    };
    see(rows, moves(index));
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
