import { deflateRawSync, inflateRawSync } from "node:zlib";
import { mostBytes } from "./bounded-columns.ts";
import { corrupt } from "./store-error.ts";

/** An element map as it is stored: deflated, since with two tasks one half says what the other does. */
export function packShares(shares: Uint8Array): Uint8Array {
  return deflateRawSync(shares, { level: 1 });
}

export function unpackShares(blob: Uint8Array, path: string): Uint8Array {
  try {
    return new Uint8Array(inflateRawSync(blob, { maxOutputLength: mostBytes }));
  } catch (error) {
    throw corrupt(path, "an element map cannot be unpacked", error);
  }
}
