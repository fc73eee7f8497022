import type { KernelFunc } from "@tensorflow/tfjs-core";
import type { Program } from "./simd/program.ts";
import type { WasmHeap } from "./wasm-heap.ts";

/** What our kernels work with: the backend's memory, and our routines linked to it. */
export interface KernelContext {
  readonly heap: WasmHeap;
  readonly program: Program;
  /** The kernel that was registered under this name before ours, for the cases ours does not take. */
  readonly published: (kernelName: string) => KernelFunc;
}

export type KernelMaker = (context: KernelContext) => KernelFunc;
