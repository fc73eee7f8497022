import type { KernelContext } from "../kernel-context.ts";

/** Whether one of `count` floats from this address is not a number. One quick pass. */
export function holdsNaN({ heap, program }: KernelContext, address: number, count: number): boolean {
  const vectors = Math.floor(count / 4);
  if (vectors > 0) {
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
