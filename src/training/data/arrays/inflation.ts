import { arrayError, nameOf, type ArrayPlace } from "./array-problem.ts";

/** Deflate cannot make anything smaller than by this factor: 258 bytes from two bits. */
const greatestFactor = 1032;

/** Data of this size that shrank by such a factor holds next to nothing. */
const suspicious = { bytes: 100 * 2 ** 20, factor: 250 } as const;

/**
 * Refuses what grows beyond reason when it is unpacked, before it is: `bytes` are those it says it will have, or that its shape asks for,
 * and no more are ever unpacked. Throws `DataError` MTL343.
 */
export function requireReasonableGrowth(place: ArrayPlace, packed: number, bytes: number): void {
  const factor = bytes / Math.max(1, packed);
  const size = (count: number): string => `${Math.ceil(count / 1024).toLocaleString("en")} KiB`;
  const grows = `${nameOf(place)} would grow from ${size(packed)} to ${size(bytes)} when it is unpacked, by a factor of ${Math.round(factor).toLocaleString("en")}`;
  if (bytes > greatestFactor * packed + 1024) {
    throw arrayError(place, "MTL343", `${grows}, which no compression does: the file is damaged, or made to fill memory. It is not read.`);
  }
  if (bytes >= suspicious.bytes && factor > suspicious.factor) {
    throw arrayError(place, "MTL343", `${grows}, as files do that are made to fill memory. If it is meant, save it without compression.`);
  }
}
