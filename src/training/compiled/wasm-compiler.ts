import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import { WasmHeap } from "../backend/wasm-heap.ts";
import type { PassCompiler } from "./pass-compiler.ts";
import { recordPass } from "./recorded-pass.ts";
import { ReplayedRecording } from "./replayed-recording.ts";
import { recordWasm } from "./wasm-recorder.ts";

/** Passes as lists of kernels. */
export function wasmCompiler(wasm: BackendWasm): PassCompiler {
  const heap = new WasmHeap(wasm);
  return {
    compile: (parts, batch, standIns, { habits }) =>
      new ReplayedRecording(
        heap,
        recordPass((run) => recordWasm(wasm, run), parts, batch, standIns),
        habits,
      ),
    dispose: () => undefined,
  };
}
