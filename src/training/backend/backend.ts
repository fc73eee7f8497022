import { backend, enableProdMode, env, findBackendFactory, getBackend, setBackend } from "@tensorflow/tfjs-core";
import { setThreadsCount, setWasmPaths, version_wasm } from "@tensorflow/tfjs-backend-wasm";
// Its Node build alone registers the gradients of all operations.
import "@tensorflow/tfjs-layers";
import { BackendError } from "./backend-error.ts";
import { registerChainedOperations } from "./chained-ops.ts";
import { registerGradients } from "./gradients.ts";
import { installKernels } from "./kernels.ts";
import { installNativeKernels } from "./native-kernels.ts";
import { loadNative, type NativeOptions } from "./native.ts";
import { withoutNewListeners } from "./process-listeners.ts";

export interface BackendOptions extends NativeOptions {
  /** Where the `.wasm` files are, when they are not in TensorFlow.js's own package (a bundle has them beside itself). */
  readonly wasmFolder?: string;
}

export interface StartedBackend {
  readonly name: "wasm" | "native";
  readonly version: string;
  /** On how many threads an operation computes. Another number may give other last bits. */
  readonly threads: number;
  /** Version of the TensorFlow that computes, and the package's folder, with `native`. */
  readonly tensorflow?: string;
  readonly folder?: string;
  /** Something the run should tell: the native backend was asked for if possible, and was not possible. */
  readonly note?: string;
}

/**
 * Makes TensorFlow.js ready to train: gradients, the operations layers need, and the backend.
 * `wasm` is always there. `native` throws `BackendError` when it cannot be loaded; `auto` takes it when it loads, else wasm,
 * and says so in `note`. May be called again; the last call decides which backend computes.
 */
export async function startBackend(choice: "auto" | "wasm" | "native", options: BackendOptions = {}): Promise<StartedBackend> {
  enableProdMode();
  registerChainedOperations();
  registerGradients();
  if (choice === "wasm") return startWasm(options);
  if (choice === "native") return startNative(options);
  try {
    return await startNative(options);
  } catch (error) {
    if (!(error instanceof BackendError)) throw error;
    const wasm = await startWasm(options);
    return { ...wasm, note: ["Training on the wasm backend.", error.message, wasm.note ?? ""].join(" ").trim() };
  }
}

async function startNative(options: BackendOptions): Promise<StartedBackend> {
  const { version, folder, threads } = loadNative(options);
  // It brings TensorFlow.js's own gradients along, which took the place of ours.
  registerGradients();
  if (!isRegistered("tensorflow") || !(await setBackend("tensorflow"))) {
    throw new BackendError(
      "native-broken",
      `The package @tensorflow/tfjs-node ${version} loads but does not start. Choose backend "wasm".`,
    );
  }
  installNativeKernels();
  return { name: "native", version, threads, tensorflow: tensorflowOf(backend()), folder };
}

function tensorflowOf(native: object): string {
  if (!("binding" in native) || typeof native.binding !== "object" || native.binding === null) return "unknown";
  const { binding } = native;
  return "TF_Version" in binding && typeof binding.TF_Version === "string" ? binding.TF_Version : "unknown";
}

function isRegistered(backendName: string): boolean {
  const factory: unknown = findBackendFactory(backendName);
  return typeof factory === "function";
}

const withoutSimd =
  "This processor has no SIMD that WebAssembly could use: the wasm backend computes without kernels of Taskscope's own, several times slower.";

async function startWasm(options: BackendOptions): Promise<StartedBackend> {
  if (options.wasmFolder !== undefined && getBackend() !== "wasm") setWasmPaths(`${options.wasmFolder}/`);
  // More threads do not work in Node, and would make sums depend on the machine.
  setThreadsCount(1);
  if (!(await withoutNewListeners(async () => await setBackend("wasm")))) {
    const where = options.wasmFolder ?? "the package @tensorflow/tfjs-backend-wasm";
    throw new BackendError(
      "wasm-broken",
      `The wasm backend did not start. Its files are expected in ${where}; reinstalling should bring them back.`,
    );
  }
  // The published backend has chosen its build by the same flag.
  const simd = (await env().getAsync("WASM_HAS_SIMD_SUPPORT")) === true;
  installKernels(simd);
  return { name: "wasm", version: version_wasm, threads: 1, ...(simd ? {} : { note: withoutSimd }) };
}
