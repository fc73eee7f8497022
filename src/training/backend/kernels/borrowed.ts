import { type KernelFunc, type NamedTensorInfoMap, type TensorInfo, getKernel, util } from "@tensorflow/tfjs-core";
import { MathBackendCPU } from "@tensorflow/tfjs-backend-cpu";
import { asWasmBackend } from "../wasm-heap.ts";
import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";

/** Computes on copies of the inputs; knows nothing of tensors in the engine. */
let calculator: MathBackendCPU | undefined;

/**
 * A wasm kernel that lets the plain JavaScript backend do the work on copied data. Right, and slow: for operations that
 * are rare in training.
 */
export function borrowed(kernelName: string): KernelFunc {
  return ({ inputs, attrs, backend }) => {
    const wasm = asWasmBackend(backend);
    calculator ??= new MathBackendCPU();
    const cpu = calculator;
    const copies: NamedTensorInfoMap = {};
    for (const [name, input] of Object.entries(inputs)) {
      if (input !== undefined) copies[name] = copyToCpu(input, wasm, cpu);
    }
    const run = getKernel(kernelName, "cpu").kernelFunc;
    const results = run({ inputs: copies, backend: cpu, ...(attrs === undefined ? {} : { attrs }) });
    const moved = Array.isArray(results) ? results.map((result) => moveToWasm(result, cpu, wasm)) : moveToWasm(results, cpu, wasm);
    for (const copy of Object.values(copies)) if (copy !== undefined) cpu.disposeData(copy.dataId, true);
    return moved;
  };
}

function copyToCpu(tensor: TensorInfo, wasm: BackendWasm, cpu: MathBackendCPU): TensorInfo {
  return cpu.makeTensorInfo(tensor.shape, tensor.dtype, wasm.readSync(tensor.dataId));
}

function moveToWasm(result: TensorInfo, cpu: MathBackendCPU, wasm: BackendWasm): TensorInfo {
  const values = cpu.readSync(result.dataId);
  const output = wasm.makeOutput(result.shape, result.dtype);
  if (util.isTypedArray(values)) wasm.typedArrayFromHeap(output).set(values);
  cpu.disposeData(result.dataId, true);
  return output;
}
