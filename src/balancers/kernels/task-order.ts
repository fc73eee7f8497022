import type { RandomStream } from "./random-stream.ts";

/** All places but `i`, shuffled by the stream, or in order where there is none. */
export function othersInTurn(i: number, size: number, stream: RandomStream | undefined): readonly number[] {
  const others = Array.from({ length: size }, (_, place) => place).filter((place) => place !== i);
  stream?.shuffle(others);
  return others;
}
