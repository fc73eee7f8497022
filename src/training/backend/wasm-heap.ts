import type { DataType, KernelBackend, TensorInfo } from "@tensorflow/tfjs-core";
import { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import { BackendError } from "./backend-error.ts";

/**
 * The memory of the wasm backend, as our kernels see it: where a tensor's numbers are, room for results, and scratch
 * space that is kept from call to call.
 *
 * A view (`floats`, `integers`) is valid only until the next allocation, which may grow and so replace the memory.
 * Never write into a tensor that a published kernel has read: XNNPACK keeps packed copies of weights by tensor.
 */
export class WasmHeap {
  readonly backend: BackendWasm;
  readonly #module: EmscriptenModule;
  readonly #scratch = new Map<string, { readonly address: number; readonly bytes: number; readonly block: number }>();

  constructor(backend: BackendWasm) {
    this.backend = backend;
    const module: object = backend.wasm;
    if (!isEmscriptenModule(module)) throw new TypeError("The wasm backend does not show its memory as version 4.22 does.");
    this.#module = module;
  }

  /** The WebAssembly memory itself, to which other modules can be linked. */
  get memory(): WebAssembly.Memory {
    return this.#module.asm.memory;
  }

  /**
   * From now on an allocation that fails throws `BackendError`, also of the published kernels. As published, it gives address
   * 0, and results are written over whatever is there.
   */
  guardAllocations(): void {
    const module = this.#module;
    // Emscripten's function puts another in its own place when it is first called, which would undo the guard.
    module._free(module._malloc(alignment));
    const allocate = module._malloc.bind(module);
    module._malloc = (bytes) => {
      // The module counts in 32 bits: more would wrap around to a small number.
      const address = bytes < 2 ** 32 ? allocate(bytes) : 0;
      if (address === 0) throw outOfMemory(bytes, module.asm.memory.buffer.byteLength);
      return address;
    };
  }

  /** Byte address of a tensor's first number. */
  address(tensor: TensorInfo): number {
    return this.backend.getMemoryOffset(tensor.dataId);
  }

  /** Room for a result; its content is undefined. */
  output(shape: readonly number[], dtype: DataType = "float32"): TensorInfo {
    return this.backend.makeOutput([...shape], dtype);
  }

  floats(): Float32Array {
    return this.#module.HEAPF32;
  }

  integers(): Int32Array {
    return this.#module.HEAP32;
  }

  /** Room that stays as it is until it is released. */
  allocate(bytes: number): number {
    return this.#module._malloc(Math.max(bytes, 1)) >>> 0;
  }

  release(address: number): void {
    this.#module._free(address);
  }

  bytes(): Uint8Array {
    return this.#module.HEAPU8;
  }

  /** Address of at least `floats` floats under this name, at a multiple of 64 bytes; its content is what was left there. */
  scratch(name: string, floats: number): number {
    const bytes = floats * 4;
    const kept = this.#scratch.get(name);
    if (kept !== undefined && kept.bytes >= bytes) return kept.address;
    if (kept !== undefined) this.#module._free(kept.block);
    this.#scratch.delete(name);
    const block = this.#module._malloc(bytes + alignment) >>> 0;
    const address = Math.ceil(block / alignment) * alignment;
    this.#scratch.set(name, { address, bytes, block });
    return address;
  }
}

const alignment = 64;

function outOfMemory(asked: number, held: number): BackendError {
  const megabytes = (bytes: number): string => `${Math.ceil(bytes / 2 ** 20).toLocaleString("en")} MB`;
  return new BackendError(
    "out-of-memory",
    `The wasm backend has ${megabytes(held)} of memory and could not get ${megabytes(asked)} more; it can hold 4 GB at most. ` +
      `Make training.batchSize or the model smaller, or train with backend "native".`,
  );
}

/** What Emscripten puts on every module it makes. */
interface EmscriptenModule {
  readonly HEAPF32: Float32Array;
  readonly HEAP32: Int32Array;
  readonly HEAPU8: Uint8Array;
  readonly asm: { readonly memory: WebAssembly.Memory };
  _malloc: (bytes: number) => number;
  _free(address: number): void;
}

function isEmscriptenModule(module: object): module is EmscriptenModule {
  if (!("asm" in module) || typeof module.asm !== "object" || module.asm === null) return false;
  return (
    "HEAPF32" in module && "HEAP32" in module && "HEAPU8" in module && "_malloc" in module && "_free" in module && "memory" in module.asm
  );
}

/** The wasm backend that a kernel was called with. */
export function asWasmBackend(backend: KernelBackend | object): BackendWasm {
  if (backend instanceof BackendWasm) return backend;
  throw new TypeError("This kernel belongs to the wasm backend and was called with another.");
}
