import type { PlainContext } from "../kernel-context.ts";

/** Whether one of `count` floats from this address is not a number. One pass, a quick one with SIMD. */
export function holdsNaN({ heap, program }: PlainContext, address: number, count: number): boolean {
  const vectors = program === undefined ? 0 : Math.floor(count / 4);
  if (program !== undefined && vectors > 0) {
    const found = heap.scratch("not-a-number", 4);
    program.findNaN(address, found, vectors);
    if (
      heap
        .integers()
        .subarray(found / 4, found / 4 + 4)
        .some((mask) => mask !== 0)
    )
      return true;
  }
  return heap
    .floats()
    .subarray(address / 4 + vectors * 4, address / 4 + count)
    .some(Number.isNaN);
}
