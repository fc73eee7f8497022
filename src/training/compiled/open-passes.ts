import type { Passes } from "../passes/pass.ts";
import { PlainPasses } from "../passes/plain-passes.ts";
import { CompiledPasses, type CompiledParts } from "./compiled-passes.ts";
import { nativeBackend } from "./native-binding.ts";

/** Compiled passes where they are wished for and the backend that computes can have them; else plain ones. */
export function openPasses(parts: CompiledParts, compile: boolean): Passes {
  const native = compile ? nativeBackend() : undefined;
  return native === undefined ? new PlainPasses(parts) : new CompiledPasses(native, parts);
}
