import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, test } from "vitest";

import { readBody, type LoadedArray } from "../../../../../src/training/data/arrays/array-body.ts";
import { arrayFile } from "../../../../../src/training/data/arrays/array-file.ts";
import { ByteReader } from "../../../../../src/training/data/arrays/byte-reader.ts";
import { numberDtype } from "../../../../../src/training/data/arrays/dtype.ts";
import { listNpz } from "../../../../../src/training/data/arrays/npz.ts";
import { containing } from "../containing.ts";
import { temporaryFolder } from "../folder.ts";
import { npyOf, npyWith, zipOf } from "./npy-bytes.ts";

/** Written by NumPy itself; `numpy-files.py` beside it tells how. */
const numpyFiles = JSON.parse(readFileSync(join(import.meta.dirname, "numpy-files.json"), "utf8")) as Readonly<Record<string, string>>;

const folder = temporaryFolder();
afterAll(() => folder.remove());

const at = ["data", "arrays", "x"];
const plenty = 2 ** 30;

function ofNumpy(name: string): Buffer {
  const content = numpyFiles[name];
  if (content === undefined) throw new Error(`No such file: ${name}`);
  return Buffer.from(content, "base64");
}

async function read(content: Uint8Array, memory = plenty): Promise<LoadedArray> {
  folder.write("x.npy", content);
  return await arrayFile(join(folder.path, "x.npy"), at).read(memory);
}

async function readNpz(content: Uint8Array, name: string, memory = plenty): Promise<LoadedArray | undefined> {
  folder.write("x.npz", content);
  return await (await listNpz(join(folder.path, "x.npz"), ["data", "file"])).get(name)?.read(memory);
}

/** Header and values of an idx file. */
function idx(type: number, shape: readonly number[], values: Uint8Array): Buffer {
  const sizes = Buffer.alloc(4 * shape.length);
  shape.forEach((size, axis) => sizes.writeUInt32BE(size, 4 * axis));
  return Buffer.concat([Buffer.from([0, 0, type, shape.length]), sizes, values]);
}

describe("an array that NumPy saved", () => {
  test.each(Object.keys(numpyFiles).filter((name) => name.startsWith("small ")))("is read as it is: %s", async (name) => {
    const { shape, values } = await read(ofNumpy(name));
    expect(shape).toEqual([2, 3]);
    expect([...values]).toEqual(name === "small bool" ? [0, 1, 1, 1, 1, 1] : [0, 1, 2, 3, 100, 127]);
  });

  test("in versions 2 and 3 of the format is read too", async () => {
    for (const name of ["version 2", "version 3"]) {
      const { shape, dtype, values } = await read(ofNumpy(name));
      expect([shape, dtype.name, [...values]]).toEqual([[2, 3], "float32", [0, 1, 2, 3, 100, 127]]);
    }
  });

  test("keeps 64-bit integers up to 2⁵³ and half-precision numbers exactly", async () => {
    expect([...(await read(ofNumpy("longs"))).values]).toEqual([-1, -(2 ** 31), 2 ** 53 - 1, -(2 ** 53 - 1)]);
    const halves = [...(await read(ofNumpy("halves"))).values];
    expect(halves).toEqual([1.5, -0.25, 65504, 2 ** -24, Infinity, -Infinity, NaN, 0.0999755859375]);
  });

  test("in Fortran's order comes out with the last axis fastest", async () => {
    expect([...(await read(ofNumpy("fortran"))).values]).toEqual(Array.from({ length: 24 }, (_, i) => i));
    expect([...(await read(ofNumpy("fortran >f8"))).values]).toEqual([0, 1, 2, 3, 4, 5]);
  });

  test("of texts is read as texts", async () => {
    expect((await read(ofNumpy("texts"))).values).toEqual(["cat", "Löwe", "🐱", ""]);
    expect((await read(ofNumpy("texts >"))).values).toEqual(["cat", "dog"]);
    expect((await read(ofNumpy("bytes"))).values).toEqual(["cat", "dog!"]);
  });

  test("may have no axis or no rows", async () => {
    expect(await read(ofNumpy("scalar"))).toMatchObject({ shape: [], values: Int32Array.of(7) });
    expect((await read(ofNumpy("no rows"))).shape).toEqual([0, 3]);
  });

  test("is read through gzip", async () => {
    expect([...(await read(gzipSync(ofNumpy("small <f4")))).values]).toEqual([0, 1, 2, 3, 100, 127]);
  });

  test.each(["npz stored", "npz deflated"])("in an archive is found by its name: %s", async (name) => {
    folder.write("x.npz", ofNumpy(name));
    const arrays = await listNpz(join(folder.path, "x.npz"), at);
    expect([...arrays.keys()]).toEqual(["image", "digit"]);
    expect(await arrays.get("image")?.header()).toMatchObject({ shape: [3, 2, 2], dtype: { name: "uint8" } });
    expect(await arrays.get("image")?.read(plenty)).toMatchObject({ values: Uint8Array.from({ length: 12 }, (_, i) => i) });
    expect([...((await arrays.get("digit")?.read(plenty))?.values ?? [])]).toEqual([7, 8, 9]);
  });
});

test("An archive with sizes of 64 bits is read", async () => {
  for (const deflated of [false, true]) {
    const archive = zipOf([{ name: "a.npy", bytes: npyOf([2], Float32Array.of(1, 2)), deflated }], true);
    expect([...((await readNpz(archive, "a"))?.values ?? [])]).toEqual([1, 2]);
  }
});

test("An array larger than any part of the file that is read at once comes out whole, in whatever order and through gzip", async () => {
  const values = Float64Array.from({ length: 300_007 }, (_, i) => i / 7);
  const whole = npyOf([values.length], values);
  const archive = zipOf([{ name: "a.npy", bytes: whole, deflated: true }]);
  for (const array of [await read(whole), await read(gzipSync(whole)), await readNpz(archive, "a")]) {
    expect(array?.values.length).toBe(values.length);
    expect(values.findIndex((value, i) => value !== array?.values[i])).toBe(-1);
  }
});

test("Elements that are cut in two where a part ends are put together", async () => {
  const bytes = Buffer.from(Float32Array.of(1, 2, 3).buffer);
  const place = { file: "x.npy", path: at };
  const header = { dtype: numberDtype("float32", false), shape: [3], fortran: false };
  for (let cut = 1; cut < bytes.length; cut++) {
    const parts = (async function* () {
      yield bytes.subarray(0, cut);
      yield bytes.subarray(cut);
    })();
    expect([...(await readBody(new ByteReader(parts), header, place, plenty)).values]).toEqual([1, 2, 3]);
  }
});

describe("an idx file", () => {
  test.each([
    ["uint8", 0x08, Uint8Array.of(0, 255)],
    ["int8", 0x09, Uint8Array.of(0, 255)],
    ["int16", 0x0b, Uint8Array.of(0, 2, 255, 255)],
    ["int32", 0x0c, Uint8Array.of(0, 0, 1, 0, 255, 255, 255, 255)],
    ["float32", 0x0d, Uint8Array.of(0x3f, 0x80, 0, 0, 0xbf, 0, 0, 0)],
    ["float64", 0x0e, Uint8Array.of(0x3f, 0xf0, 0, 0, 0, 0, 0, 0, 0xbf, 0xe0, 0, 0, 0, 0, 0, 0)],
  ])("of %s is read, as it is and through gzip", async (name, type, bytes) => {
    const expected = { uint8: [0, 255], int8: [0, -1], int16: [2, -1], int32: [256, -1], float32: [1, -0.5], float64: [1, -0.5] }[name];
    for (const content of [idx(type, [2, 1], bytes), gzipSync(idx(type, [2, 1], bytes))]) {
      const { dtype, shape, values } = await read(content);
      expect([dtype.name, shape, [...values]]).toEqual([name, [2, 1], expected]);
    }
  });
});

describe("what is no array that can be read is told with file, array and row", () => {
  const four = npyOf([2, 2], Float32Array.of(1, 2, 3, 4));
  const header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }";

  test.each<[string, Uint8Array, object]>([
    ["an empty file", Buffer.alloc(0), { code: "MTL340", path: at, message: containing('"x.npy" is empty') }],
    ["another file", Buffer.from("a,b\n1,2\n"), { code: "MTL340", message: containing("neither an npy nor an idx file") }],
    ["a pickle", ofNumpy("pickle"), { code: "MTL340", message: containing("np.save") }],
    ["an archive", ofNumpy("npz stored"), { code: "MTL340", message: containing('"data.file"') }],
    [
      "an unknown version",
      Buffer.concat([Buffer.from("\x93NUMPY\x09\x01", "latin1"), four.subarray(8)]),
      { code: "MTL340", message: containing("version 9.1") },
    ],
    ["a file cut in its header", four.subarray(0, 30), { code: "MTL340", message: containing("ends in its header") }],
    [
      "a file cut in its elements",
      four.subarray(0, four.length - 5),
      { code: "MTL340", row: 2, message: containing("after 2 of 4 elements, in row 1") },
    ],
    ["bytes after the elements", Buffer.concat([four, Buffer.of(0)]), { code: "MTL340", message: containing("more bytes follow") }],
    [
      "a header without a shape",
      npyWith("{'descr': '<f4', 'fortran_order': False}", Float32Array.of(1)),
      { code: "MTL340", message: containing("the shape") },
    ],
    ["a shape of no numbers", npyWith(header.replace("2,", "-2,"), Float32Array.of(1)), { code: "MTL340", message: containing("(-2,)") }],
    ["objects", ofNumpy("objects"), { code: "MTL341", message: containing("Python objects") }],
    ["records", ofNumpy("records"), { code: "MTL341", message: containing("several fields") }],
    ["complex numbers", ofNumpy("complex"), { code: "MTL341", message: containing("a.real") }],
    ["dates", ofNumpy("dates"), { code: "MTL341", message: containing("dates") }],
    ["an integer beyond 2⁵³", ofNumpy("beyond"), { code: "MTL347", row: 2, message: containing("at index [1, 1]") }],
    ["an idx file cut short", idx(8, [3, 2], Uint8Array.of(1, 2, 3)), { code: "MTL340", row: 2, message: containing("in row 1") }],
    ["damaged gzip", gzipSync(four).fill(0, 12, 20), { code: "MTL340", message: containing("cannot be unpacked") }],
    ["gzip cut short", gzipSync(four).subarray(0, 40), { code: "MTL340", message: containing("cannot be unpacked") }],
  ])("%s", async (_, content, expected) => {
    await expect(read(content)).rejects.toMatchObject(expected);
  });

  test("a file that is not there, and a folder", async () => {
    await expect(arrayFile(join(folder.path, "none.npy"), at).read(plenty)).rejects.toMatchObject({ code: "MTL310", path: at });
    await expect(arrayFile(folder.path, at).header()).rejects.toMatchObject({ code: "MTL310", message: containing("is a folder") });
    await expect(listNpz(join(folder.path, "none.npz"), at)).rejects.toMatchObject({ code: "MTL310" });
  });

  test("more than may be held in memory, before any of it is read", async () => {
    const tooMuch = { code: "MTL342", message: containing('Raise "data.memory"') };
    await expect(read(npyWith(header.replace("2,", "200000000,"), Float32Array.of(1)), 2 ** 20)).rejects.toMatchObject(tooMuch);
    await expect(read(ofNumpy("fortran"), 24 * 4)).rejects.toMatchObject(tooMuch);
  });

  test.each<[string, Buffer, object]>([
    ["no archive", Buffer.from("PK but not really"), { code: "MTL340", message: containing("cannot be read as an npz archive") }],
    ["an archive cut short", ofNumpy("npz stored").subarray(0, 300), { code: "MTL340", message: containing("npz archive") }],
    [
      "an archive without arrays",
      zipOf([{ name: "a.txt", bytes: Buffer.from("a") }]),
      { code: "MTL340", message: containing("no array in it") },
    ],
    [
      "a member that is no npy",
      zipOf([{ name: "a.npy", bytes: Buffer.from("hello") }]),
      { code: "MTL340", column: "a", message: containing('"a" in "x.npz"') },
    ],
    [
      "a wrong check sum",
      zipOf([{ name: "a.npy", bytes: four, lie: { crc: 1 } }]),
      { code: "MTL340", column: "a", message: containing("check sum") },
    ],
    [
      "a size that is not the array's",
      zipOf([{ name: "a.npy", bytes: Buffer.concat([four, Buffer.alloc(9)]) }]),
      { code: "MTL340", message: containing("144 bytes, and the archive of 153") },
    ],
    [
      "damaged deflate",
      zipOf([{ name: "a.npy", bytes: four, deflated: true }]).fill(0xff, 40, 60),
      { code: "MTL340", column: "a", message: containing("npz archive") },
    ],
  ])("%s", async (_, content, expected) => {
    await expect(readNpz(content, "a")).rejects.toMatchObject(expected);
  });

  describe("what grows beyond reason when it is unpacked", () => {
    const huge = 120 * 2 ** 20;
    const bomb = npyOf([huge], new Uint8Array(huge));

    test("is not read, neither from an archive nor through gzip", async () => {
      const refused = { code: "MTL343", message: containing("made to fill memory") };
      await expect(readNpz(zipOf([{ name: "a.npy", bytes: bomb, deflated: true }]), "a")).rejects.toMatchObject(refused);
      await expect(read(gzipSync(bomb))).rejects.toMatchObject(refused);
    });

    test("is told from its size before it is unpacked, though it says otherwise", async () => {
      // A member that says it is small, and goes on: it is read no further than it said.
      const small = zipOf([{ name: "a.npy", bytes: bomb, deflated: true, lie: { size: 144 } }]);
      await expect(readNpz(small, "a")).rejects.toMatchObject({ code: "MTL340" });
      const large = zipOf([{ name: "a.npy", bytes: four, deflated: true, lie: { size: 2 ** 31 } }]);
      await expect(readNpz(large, "a")).rejects.toMatchObject({ code: "MTL343", message: containing("no compression does") });
    });
  });
});
