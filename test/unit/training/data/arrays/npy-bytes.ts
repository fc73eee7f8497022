import { crc32, deflateRawSync } from "node:zlib";
import type { Numbers } from "../../../../../src/training/data/arrays/dtype.ts";

const descr = new Map<unknown, string>([
  [Uint8Array, "|u1"],
  [Int32Array, "<i4"],
  [Float32Array, "<f4"],
  [Float64Array, "<f8"],
]);

/** An npy file of version 1.0, as NumPy writes it. */
export function npyOf(shape: readonly number[], values: Numbers): Buffer {
  const shapeText = `(${shape.map((size) => `${String(size)},`).join(" ")})`;
  return npyWith(`{'descr': '${descr.get(values.constructor) ?? ""}', 'fortran_order': False, 'shape': ${shapeText}, }`, values);
}

/** An npy file with any header. */
export function npyWith(header: string, values: Numbers): Buffer {
  const padded = header.padEnd(118 - 1) + "\n";
  const start = Buffer.concat([Buffer.from("\x93NUMPY\x01\x00", "latin1"), Buffer.from(Uint16Array.of(padded.length).buffer)]);
  return Buffer.concat([start, Buffer.from(padded, "latin1"), Buffer.from(values.buffer, values.byteOffset, values.byteLength)]);
}

export interface Member {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly deflated?: boolean;
  /** What the archive says of it, where that is not the truth. */
  readonly lie?: { readonly size?: number; readonly crc?: number };
}

/** A zip archive. Sizes stand in zip64 fields where `zip64`, as in archives above 4 GiB. */
export function zipOf(members: readonly Member[], zip64 = false): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { name, bytes, deflated = false, lie = {} } of members) {
    const packed = deflated ? deflateRawSync(bytes) : Buffer.from(bytes);
    const size = lie.size ?? bytes.length;
    const common = Buffer.alloc(26);
    common.writeUInt16LE(zip64 ? 45 : 20, 0);
    common.writeUInt16LE(deflated ? 8 : 0, 4);
    common.writeUInt32LE(lie.crc ?? crc32(bytes), 10);
    common.writeUInt32LE(zip64 ? 0xffffffff : packed.length, 14);
    common.writeUInt32LE(zip64 ? 0xffffffff : size, 18);
    common.writeUInt16LE(Buffer.byteLength(name), 22);
    const sizes = Buffer.alloc(20);
    sizes.writeUInt16LE(1, 0);
    sizes.writeUInt16LE(16, 2);
    sizes.writeBigUInt64LE(BigInt(size), 4);
    sizes.writeBigUInt64LE(BigInt(packed.length), 12);
    const extra = zip64 ? sizes : Buffer.alloc(0);
    common.writeUInt16LE(extra.length, 24);
    const local = Buffer.concat([Buffer.from("PK\x03\x04", "latin1"), common, Buffer.from(name), extra, packed]);
    const central = Buffer.alloc(14);
    central.writeUInt32LE(offset, 10);
    directory.push(Buffer.concat([Buffer.from("PK\x01\x02\x2d\x00", "latin1"), common, central, Buffer.from(name), extra]));
    parts.push(local);
    offset += local.length;
  }
  const listed = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06", "latin1");
  end.writeUInt16LE(members.length, 8);
  end.writeUInt16LE(members.length, 10);
  end.writeUInt32LE(listed.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...parts, listed, end]);
}
