import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

/** A bundle carries the kernels beside itself; sources find them in the package. */
export function wasmBeside(entry: string): { readonly wasmFolder?: string } {
  const folder = dirname(entry);
  return existsSync(join(folder, "tfjs-backend-wasm.wasm")) ? { wasmFolder: folder } : {};
}
