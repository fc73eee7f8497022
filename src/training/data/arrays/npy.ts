import { numberDtype, type Dtype, type NumberName } from "./dtype.ts";
import { arrayError, damaged, nameOf, type ArrayPlace } from "./array-problem.ts";
import type { ArrayHeader } from "./array-body.ts";
import type { ByteReader } from "./byte-reader.ts";

export const npyMagic = Buffer.from("\x93NUMPY", "latin1");

/** NumPy pads its headers to some hundred bytes; of structured types they may be longer. */
const longestHeader = 2 ** 20;

/**
 * Reads the header of an array in NumPy's format (NEP 1, versions 1 to 3): magic, version, length of the header, and a Python
 * dictionary with `descr`, `fortran_order` and `shape`. What follows are the elements.
 * Throws `DataError` MTL340 (no such header), MTL341 (elements that are no numbers or texts).
 */
export async function readNpyHeader(reader: ByteReader, place: ArrayPlace): Promise<ArrayHeader> {
  const start = await reader.take(8);
  if (!start.subarray(0, npyMagic.length).equals(npyMagic)) throw damaged(place, "it does not begin as NumPy's npy files do.");
  const [major = 0, minor = 0] = start.subarray(npyMagic.length);
  if (major < 1 || major > 3) {
    throw damaged(place, `it says to be of version ${major}.${minor} of NumPy's format, and there are 1.0, 2.0 and 3.0.`);
  }
  const lengthBytes = await reader.take(major === 1 ? 2 : 4);
  if (lengthBytes.length < (major === 1 ? 2 : 4)) throw damaged(place, "it ends in its header.");
  const length = major === 1 ? lengthBytes.readUInt16LE() : lengthBytes.readUInt32LE();
  if (length > longestHeader) throw damaged(place, `its header would be ${length.toLocaleString("en")} bytes long.`);
  const header = await reader.take(length);
  if (header.length < length) throw damaged(place, "it ends in its header.");
  return parseHeader(header.toString(major === 3 ? "utf8" : "latin1"), place);
}

function parseHeader(text: string, place: ArrayPlace): ArrayHeader {
  const descr = /['"]descr['"]\s*:\s*(?:'([^']*)'|"([^"]*)"|(\[))/.exec(text);
  const order = /['"]fortran_order['"]\s*:\s*(True|False)/.exec(text);
  const shape = /['"]shape['"]\s*:\s*\(([^)]*)\)/.exec(text);
  if (descr === null || order === null || shape === null) throw damaged(place, "its header lacks the type, the order or the shape.");
  // Python 2 wrote long integers with an L.
  const axes = (shape[1] ?? "").split(",").flatMap((axis) => (axis.trim() === "" ? [] : [axis.trim().replace(/L$/, "")]));
  const sizes = axes.map((axis) => (/^\d+$/.test(axis) ? Number(axis) : Number.NaN));
  if (!sizes.every(Number.isSafeInteger)) throw damaged(place, `its shape is (${shape[1] ?? ""}).`);
  const structured = descr[3] !== undefined;
  return { dtype: dtypeOf(structured ? "V" : (descr[1] ?? descr[2] ?? ""), place), shape: sizes, fortran: order[1] === "True" };
}

const numbers: Readonly<Record<string, NumberName>> = {
  b1: "bool",
  u1: "uint8",
  i1: "int8",
  u2: "uint16",
  i2: "int16",
  u4: "uint32",
  i4: "int32",
  u8: "uint64",
  i8: "int64",
  f2: "float16",
  f4: "float32",
  f8: "float64",
};

/** What a type letter stands for that cannot be used here, and what to do about it. */
const unfit: Readonly<Record<string, string>> = {
  O: "Python objects, which only Python can read (they are pickled). Convert it before it is saved, e.g. np.stack(a) for arrays of one shape, or a.astype(str)",
  V: "records of several fields. Save each field as an array of its own",
  c: "complex numbers. Save a.real and a.imag, or np.abs(a)",
  M: "dates. Convert them to numbers, e.g. a.astype('datetime64[s]').astype('int64')",
  m: "time spans. Convert them to numbers, e.g. a.astype('timedelta64[s]').astype('int64')",
  f: "numbers of more precision than others can read. Save a.astype('float64')",
};

function dtypeOf(descr: string, place: ArrayPlace): Dtype {
  const [, order = "", letter = "", size = ""] = /^([<>|=]?)([A-Za-z])(\d*)/.exec(descr) ?? [];
  const bigEndian = order === ">";
  const name = numbers[letter + size];
  if (name !== undefined) return numberDtype(name, bigEndian);
  const width = Number(size);
  if (letter === "U" && width > 0) return { kind: "text", name: `str${width}`, bytes: 4 * width, bigEndian, encoding: "utf-32" };
  if (letter === "S" && width > 0) return { kind: "text", name: `bytes${width}`, bytes: width, bigEndian, encoding: "utf-8" };
  const what = unfit[letter] ?? `elements of the type "${descr}". Save it as numbers, e.g. a.astype('float32')`;
  throw arrayError(place, "MTL341", `${nameOf(place)} holds ${what}.`);
}
