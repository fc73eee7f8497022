/** Bytes of the binary format: instructions as lists of bytes, and the numbers in them. */

export type Code = readonly number[];

/** An instruction of SIMD. */
export function simd(operation: number): number[] {
  return [0xfd, ...unsigned(operation)];
}

/** LEB128. */
export function unsigned(value: number): number[] {
  const bytes: number[] = [];
  let rest = value >>> 0;
  do {
    const low = rest & 0x7f;
    rest >>>= 7;
    bytes.push(rest === 0 ? low : low | 0x80);
  } while (rest !== 0);
  return bytes;
}

/** LEB128 with a sign. */
export function signed(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value | 0; ; rest >>= 7) {
    const low = rest & 0x7f;
    const last = rest < 64 && rest >= -64;
    bytes.push(last ? low : low | 0x80);
    if (last) return bytes;
  }
}
