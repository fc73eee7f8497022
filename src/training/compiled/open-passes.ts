import { backend } from "@tensorflow/tfjs-core";
import { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import type { Passes } from "../passes/pass.ts";
import { PlainPasses } from "../passes/plain-passes.ts";
import { CompiledPasses, type CompiledParts } from "./compiled-passes.ts";
import { nativeBackend } from "./native-binding.ts";
import { NativeCompiler } from "./native-compiler.ts";
import type { PassCompiler } from "./pass-compiler.ts";
import { WasmCompiler } from "./wasm-compiler.ts";

/** Compiled passes where they are wished for and the backend that computes can have them; else plain ones. */
export function openPasses(parts: CompiledParts, compile: boolean): Passes {
  const compiler = compile ? currentCompiler() : undefined;
  return compiler === undefined ? new PlainPasses(parts) : new CompiledPasses(compiler, parts);
}

function currentCompiler(): PassCompiler | undefined {
  const current: unknown = backend();
  if (current instanceof BackendWasm) return new WasmCompiler(current);
  const native = nativeBackend();
  return native === undefined ? undefined : new NativeCompiler(native);
}
