const [quote, backslash, capitalN, smallA] = [0x22, 0x5c, 0x4e, 0x61];
const none = Buffer.from("null");

/** JSON in which a bare `NaN`, as Python writes for what is missing, is `null`. What stands in texts stays as it is. */
export async function* withoutNaN(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void> {
  let isText = false;
  let isEscaped = false;
  let rest: Buffer = Buffer.alloc(0);
  for await (const piece of pieces) {
    const bytes = rest.length === 0 ? piece : Buffer.concat([rest, piece]);
    const parts: Buffer[] = [];
    let start = 0;
    let at = 0;
    rest = Buffer.alloc(0);
    for (; at < bytes.length; at++) {
      const byte = bytes[at];
      if (isEscaped) isEscaped = false;
      else if (isText && byte === backslash) isEscaped = true;
      else if (byte === quote) isText = !isText;
      else if (!isText && byte === capitalN) {
        if (at + 2 >= bytes.length) {
          // It may go on in the next piece.
          rest = bytes.subarray(at);
          break;
        }
        if (bytes[at + 1] !== smallA || bytes[at + 2] !== capitalN) continue;
        parts.push(bytes.subarray(start, at), none);
        start = at + 3;
        at += 2;
      }
    }
    parts.push(bytes.subarray(start, at));
    yield parts.length === 1 ? (parts[0] ?? bytes) : Buffer.concat(parts);
  }
  if (rest.length > 0) yield rest;
}
