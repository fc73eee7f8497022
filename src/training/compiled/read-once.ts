import type { NativeBinding } from "./native-binding.ts";

/**
 * Shows the numbers of a tensor of TensorFlow's, which are gone afterwards. The binding hands out a copy in new memory; where that is given
 * back at once, the next copy gets the same again: that takes a tenth of the time that memory takes which only the collector gives back.
 */
export function readOnce<T>(binding: NativeBinding, id: number, see: (values: Float32Array) => T): T {
  return readTogether(binding, [id], ([values = new Float32Array(0)]) => see(values));
}

/** The same of several tensors. */
export function readTogether<T>(binding: NativeBinding, ids: readonly number[], see: (values: readonly Float32Array[]) => T): T {
  const shown: Float32Array[] = [];
  try {
    for (const id of ids) {
      const values = binding.tensorDataSync(id);
      if (!(values instanceof Float32Array)) throw new TypeError("What TensorFlow computed is not made of 32-bit floats.");
      shown.push(values);
    }
    return see(shown);
  } finally {
    for (const { buffer } of shown) {
      // Node 20 cannot.
      if (buffer instanceof ArrayBuffer && "transfer" in buffer) buffer.transfer(0);
    }
  }
}
