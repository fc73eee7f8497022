import { util, type TensorInfo } from "@tensorflow/tfjs-core";
import type { WasmHeap } from "../backend/wasm-heap.ts";
import type { KernelValue } from "./kernel-node.ts";
import { NotRecordable } from "./not-recordable.ts";

/** A piece of the heap that a recording holds. */
export interface Buffer {
  readonly address: number;
  readonly bytes: number;
}

/**
 * What a recording holds of the wasm backend's memory: pieces that its values take turns in, and their tensors, which the engine does not
 * know. A piece is taken from the heap when a plan needs one more, and never while a planned pass runs.
 */
export class ReplayMemory {
  readonly heap: WasmHeap;
  /** How much it may hold. */
  most: number;
  readonly #pieces: Buffer[] = [];
  readonly #tensors = new Map<string, TensorInfo>();
  #bytes = 0;

  constructor(heap: WasmHeap, most: number) {
    this.heap = heap;
    this.most = most;
  }

  /** A piece that is in none of `taken` and wastes less than it holds; the smallest, or a new one. */
  piece(bytes: number, taken: ReadonlySet<Buffer>): Buffer {
    let best: Buffer | undefined;
    for (const piece of this.#pieces) {
      const fits = piece.bytes >= bytes && piece.bytes <= 2 * bytes && !taken.has(piece);
      if (fits && (best === undefined || piece.bytes < best.bytes)) best = piece;
    }
    return best ?? this.#take(bytes);
  }

  /** One a value, place and shape. */
  tensor(value: string, { address }: Buffer, { shape, dtype }: KernelValue): TensorInfo {
    const key = `${value}@${String(address)} ${shape.join()}`;
    const known = this.#tensors.get(key);
    if (known !== undefined) return known;
    const made = this.heap.backend.makeOutput([...shape], dtype, address);
    this.#tensors.set(key, made);
    return made;
  }

  /** Packed copies that published kernels keep of this tensor hold no longer. */
  forgetCopies({ dataId, shape }: TensorInfo): void {
    const { tfjs } = this.heap.backend.wasm;
    const { id, memoryOffset } = this.heap.backend.dataIdMap.get(dataId);
    tfjs.disposeData(id);
    tfjs.registerTensor(id, util.sizeFromShape(shape), memoryOffset);
  }

  /** All tensors, but not the pieces in which their numbers are. */
  forgetTensors(): void {
    const { backend } = this.heap;
    for (const { dataId } of this.#tensors.values()) {
      backend.wasm.tfjs.disposeData(backend.dataIdMap.get(dataId).id);
      backend.dataIdMap.delete(dataId);
    }
    this.#tensors.clear();
  }

  /** Keeps no tensor, and no piece but these. */
  keepOnly(pieces: ReadonlySet<Buffer>): void {
    this.forgetTensors();
    for (const piece of this.#pieces.splice(0)) {
      if (pieces.has(piece)) this.#pieces.push(piece);
      else {
        this.heap.release(piece.address);
        this.#bytes -= piece.bytes;
      }
    }
  }

  #take(bytes: number): Buffer {
    if (this.#bytes + bytes > this.most) {
      throw new NotRecordable(`its recording would hold more than ${String(Math.floor(this.most / 2 ** 20))} MiB of memory`);
    }
    const piece = { address: this.heap.allocate(bytes), bytes };
    this.#pieces.push(piece);
    this.#bytes += bytes;
    return piece;
  }
}
