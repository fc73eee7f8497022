/** The narrowest array that holds a column's values exactly. */
export type BlockValues = Int8Array | Uint8Array | Int16Array | Uint16Array | Int32Array | Uint32Array | Float32Array | Float64Array;

/** Some hundred to some thousand rows, column by column: numbers with NaN where one is missing, or codes with 0 for that. */
export interface Block {
  readonly rows: number;
  readonly columns: readonly BlockValues[];
}

/** How the columns of a block lie in its bytes, each at a multiple of 8. */
export interface BlockLayout {
  readonly rows: number;
  readonly bytes: number;
  readonly columns: readonly { readonly type: BlockType; readonly offset: number }[];
}

const blockTypes = {
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  float32: Float32Array,
  float64: Float64Array,
} as const;

type BlockType = keyof typeof blockTypes;

/** Whole numbers from the narrowest range up; the first that fits is taken. */
const wholeRanges: readonly (readonly [type: BlockType, least: number, greatest: number])[] = [
  ["uint8", 0, 2 ** 8 - 1],
  ["int8", -(2 ** 7), 2 ** 7 - 1],
  ["uint16", 0, 2 ** 16 - 1],
  ["int16", -(2 ** 15), 2 ** 15 - 1],
  ["uint32", 0, 2 ** 32 - 1],
  ["int32", -(2 ** 31), 2 ** 31 - 1],
];

/** A copy in the narrowest type that loses nothing. */
export function narrowed(values: Float64Array | Uint32Array): BlockValues {
  return new blockTypes[narrowestType(values)](values);
}

function narrowestType(values: Float64Array | Uint32Array): BlockType {
  let least = 0;
  let greatest = 0;
  let isWhole = true;
  let isSingle = true;
  for (const value of values) {
    if (value < least) least = value;
    if (value > greatest) greatest = value;
    // −0 and NaN have no whole number of their own.
    isWhole &&= Number.isInteger(value) && !Object.is(value, -0);
    isSingle &&= Object.is(Math.fround(value), value);
    if (!isWhole && !isSingle) return "float64";
  }
  const whole = isWhole ? wholeRanges.find(([, low, high]) => least >= low && greatest <= high) : undefined;
  return whole?.[0] ?? (isSingle ? "float32" : "float64");
}

export function layoutOf({ rows, columns }: Block): BlockLayout {
  let bytes = 0;
  const laid = columns.map((values) => {
    const offset = bytes;
    bytes += Math.ceil(values.byteLength / 8) * 8;
    return { type: typeOf(values), offset };
  });
  return { rows, bytes, columns: laid };
}

/** The block's values as bytes, to be read back with its layout on a machine of the same byte order. */
export function bytesOf({ columns }: Block, layout: BlockLayout): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(layout.bytes);
  columns.forEach((values, index) => {
    bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), layout.columns[index]?.offset ?? 0);
  });
  return bytes;
}

/** Views of the bytes. */
export function blockFrom(buffer: ArrayBuffer, { rows, columns }: BlockLayout): Block {
  return { rows, columns: columns.map(({ type, offset }) => new blockTypes[type](buffer, offset, rows)) };
}

function typeOf(values: BlockValues): BlockType {
  for (const [type, constructor] of Object.entries(blockTypes)) {
    if (values instanceof constructor) return type as BlockType; // The keys of the table itself.
  }
  throw new TypeError("A block holds no such array.");
}
