import { type KernelFunc, type TensorInfo, getKernel } from "@tensorflow/tfjs-core";
import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import { asWasmBackend } from "../wasm-heap.ts";

/** The published product is fast only without transposes, so operands are transposed before. */
export function transposedFirst(multiply: KernelFunc): KernelFunc {
  return ({ inputs, attrs, backend }) => {
    const wasm = asWasmBackend(backend);
    const { a, b } = inputs;
    if (a === undefined || b === undefined) throw new TypeError("A matrix product needs two operands.");
    const left = attrs?.["transposeA"] === true ? swapped(a, wasm) : a;
    const right = attrs?.["transposeB"] === true ? swapped(b, wasm) : b;
    const product = multiply({ inputs: { a: left, b: right }, backend, attrs: { transposeA: false, transposeB: false } });
    if (left !== a) wasm.disposeData(left.dataId);
    if (right !== b) wasm.disposeData(right.dataId);
    return product;
  };
}

/** The tensor with its last two axes exchanged, as a new tensor. */
function swapped(x: TensorInfo, backend: BackendWasm): TensorInfo {
  const rank = x.shape.length;
  const perm = x.shape.map((_, axis) => (axis < rank - 2 ? axis : 2 * rank - 3 - axis));
  const result = getKernel("Transpose", "wasm").kernelFunc({ inputs: { x }, backend, attrs: { perm } });
  if (Array.isArray(result)) throw new TypeError("A transpose has one result.");
  return result;
}
