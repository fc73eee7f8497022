import type { KernelFunc } from "@tensorflow/tfjs-core";
import type { Program } from "./simd/program.ts";
import type { WasmHeap } from "./wasm-heap.ts";

/** What our kernels work with: the backend's memory, and what is registered already. */
export interface PlainContext {
  readonly heap: WasmHeap;
  /** Our routines linked to the memory, where there is SIMD. */
  readonly program?: Program;
  /** The kernel that was registered under this name before ours, for the cases ours does not take. */
  readonly published: (kernelName: string) => KernelFunc;
}

export interface KernelContext extends PlainContext {
  readonly program: Program;
}

export type KernelMaker = (context: KernelContext) => KernelFunc;

/** Makes a kernel that does without SIMD. */
export type PlainKernelMaker = (context: PlainContext) => KernelFunc;
