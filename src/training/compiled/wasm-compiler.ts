import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import { kernelContext } from "../backend/kernels.ts";
import { WasmHeap } from "../backend/wasm-heap.ts";
import type { Batch } from "../batches.ts";
import { canHold } from "./can-hold.ts";
import type { CompiledParts } from "./compiled-passes.ts";
import { HeapUpdate } from "./heap-update.ts";
import type { PassCompiler, Recording, RecordingMemory } from "./pass-compiler.ts";
import { recordPass, type RecordedWay } from "./recorded-pass.ts";
import { ReplayedRecording, type ReplayedMover } from "./replayed-recording.ts";
import { recordWasm } from "./wasm-recorder.ts";
import type { KernelNode } from "./kernel-node.ts";

/** Passes as lists of kernels, whose gradients can move the parameters where they are. */
export class WasmCompiler implements PassCompiler {
  readonly #wasm: BackendWasm;
  readonly #heap: WasmHeap;
  #update: HeapUpdate | undefined;

  constructor(wasm: BackendWasm) {
    this.#wasm = wasm;
    this.#heap = new WasmHeap(wasm);
  }

  compile(parts: CompiledParts, batch: Batch, standIns: boolean, { habits }: RecordingMemory): Recording {
    const recorded = recordPass<KernelNode>((run) => recordWasm(this.#wasm, run), parts, batch, { standIns, checksInputs: false });
    return new ReplayedRecording({ heap: this.#heap, recorded, habits, mover: this.#moverOf(parts, recorded.back) });
  }

  dispose(): void {
    this.#update?.dispose();
    this.#update = undefined;
  }

  /** One update for all recordings: it keeps the accumulators. Without routines of ours there is none. */
  #moverOf({ update: moved }: CompiledParts, back: RecordedWay): ReplayedMover | undefined {
    const context = kernelContext();
    if (context === undefined || moved === undefined || !canHold(back, moved)) return undefined;
    this.#update ??= new HeapUpdate(context, moved);
    return { update: this.#update, moved };
  }
}
