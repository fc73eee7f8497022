import {
  engine,
  getKernelsForBackend,
  registerKernel,
  unregisterKernel,
  util,
  type KernelConfig,
  type KernelFunc,
  type TensorInfo,
} from "@tensorflow/tfjs-core";
import type { OperationWatch } from "../passes/recordings.ts";

/** Is told of every kernel that the engine calls, with the time of it alone, until it is disposed of; and sees how much is held at once. */
export class KernelWatch {
  readonly #watch: OperationWatch;
  readonly #kernels: readonly KernelConfig[];
  /** Milliseconds of the kernels that the open one has called. */
  #inner = 0;
  peak = { tensors: 0, bytes: 0 };

  constructor(watch: OperationWatch) {
    this.#watch = watch;
    this.#kernels = [...getKernelsForBackend(engine().backendName)];
    for (const kernel of this.#kernels) replaceKernel({ ...kernel, kernelFunc: this.#watched(kernel.kernelName, kernel.kernelFunc) });
  }

  [Symbol.dispose](): void {
    for (const kernel of this.#kernels) replaceKernel(kernel);
  }

  #watched(operation: string, kernel: KernelFunc): KernelFunc {
    return (params) => {
      const outer = this.#inner;
      this.#inner = 0;
      const started = performance.now();
      let made: TensorInfo | TensorInfo[];
      let ms: number;
      try {
        made = kernel(params);
      } finally {
        const whole = performance.now() - started;
        ms = whole - this.#inner;
        this.#inner = outer + whole;
      }
      const outputs = (Array.isArray(made) ? made : [made]).map(({ shape, dtype }) => ({ shape, bytes: bytesOf(shape, dtype) }));
      this.#watch({ operation, outputs, ms });
      this.#look();
      return made;
    };
  }

  #look(): void {
    const { numTensors, numBytes } = engine().memory();
    this.peak = { tensors: Math.max(this.peak.tensors, numTensors), bytes: Math.max(this.peak.bytes, numBytes) };
  }
}

function replaceKernel(kernel: KernelConfig): void {
  unregisterKernel(kernel.kernelName, kernel.backendName);
  registerKernel(kernel);
}

function bytesOf(shape: readonly number[], dtype: TensorInfo["dtype"]): number {
  return dtype === "string" ? 0 : util.sizeFromShape([...shape]) * util.bytesPerElement(dtype);
}
