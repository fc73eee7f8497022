import type { Split } from "../../../experiment/record.ts";
import { sameForAll, scaledZero, standardScaling, writeScaled, type Scaling } from "../arrays/scaling.ts";
import type { Dataset, InputSpec, RowSource, RowValues } from "../dataset.ts";
import { fitRows, rowEncoder, type EncodedLabels } from "../labels/label-rows.ts";
import { DecodePool } from "./decode-pool.ts";
import { readImageRows, requireImages, type FolderExperiment } from "./image-rows.ts";
import { ImageSource, type Decoded } from "./image-source.ts";
import { ImageStore, type Room } from "./image-store.ts";
import { maskEncoder } from "./mask-encoder.ts";
import type { ImageForm } from "./resize.ts";

/** What every image of the experiment is brought to. */
export function imageForm({ data: { image } }: FolderExperiment): ImageForm {
  const [height, width] = image.size;
  return { height, width, channels: image.channels, fit: image.fit };
}

/** The one input there is. */
export function imageInput({ height, width, channels }: ImageForm): InputSpec {
  return { name: "image", shape: [height, width, channels], features: [] };
}

/**
 * A folder of images as rows: labels in memory, images decoded batch by batch on threads of their own and kept as far as `data.memory` goes.
 * Throws `DataError` for labels as tables do, and MTL360 where an image is missing; what is wrong inside of an image comes when it is
 * decoded.
 */
export async function imageDataset(experiment: FolderExperiment, baseFolder: string): Promise<Dataset> {
  const { data } = experiment;
  const { files, masks, labels } = await readImageRows(experiment, baseFolder);
  const { parts, tasks } = fitRows(labels, data.split);
  const maskFiles = masks.filter((each) => each !== undefined);
  for (const each of [files, ...maskFiles]) {
    for (const part of Object.values(parts)) await requireImages(each, part);
  }
  const form = imageForm(experiment);
  const size = form.height * form.width * form.channels;
  const pool = new DecodePool(form);
  const room: Room = { bytes: data.memory * 2 ** 20 };
  const images = new ImageStore(files, pool, room);
  const scaling = await fitPixels(data.scale, images, parts.train, form);
  const stores = [images, ...maskFiles.map((each) => new ImageStore(each, pool, room))];
  const encoders = tasks.map((task, index): EncodeTask => {
    const own = masks[index];
    if (own === undefined) {
      const encode = rowEncoder(task);
      return (rows) => encode(rows);
    }
    const [encode, store] = [maskEncoder(task, own), 1 + maskFiles.indexOf(own)];
    return (rows, decoded) =>
      encode(
        rows,
        decoded.map((each) => each[store]),
      );
  });
  const assemble = (rows: Uint32Array, decoded: readonly Decoded[]): RowValues => {
    const pixels = new Float32Array(rows.length * size);
    decoded.forEach(([values = new Uint8Array(size)], index) =>
      writeScaled({ values, width: size, channels: form.channels }, 0, scaling, pixels, index * size),
    );
    const encoded = encoders.map((encode) => encode(rows, decoded));
    return {
      rows: rows.length,
      inputs: [pixels],
      targets: encoded.map(({ values }) => values),
      present: encoded.map(({ present }) => present),
    };
  };
  const rowBytes = size + maskFiles.length * form.height * form.width * 2;
  const sourceOf = (split: Split): RowSource => new ImageSource(parts[split], stores, rowBytes, assemble);
  return {
    inputs: [{ ...imageInput(form), black: scaledZero(scaling) }],
    tasks: tasks.map(({ targets }) => targets),
    splits: { train: sourceOf("train"), validation: sourceOf("validation"), test: sourceOf("test") },
    close: async () => await pool.close(),
  };
}

type EncodeTask = (rows: Uint32Array, decoded: readonly Decoded[]) => EncodedLabels;

/** Images that the scale is measured in. More would not change it by anything that matters, and all of them must be decoded first. */
const measuredImages = 1000;
/** Images that are decoded at a time while it is measured. */
const stepImages = 64;

/** The scale of pixels, `standard` by means and variances over images that stand evenly spread among the training rows. */
async function fitPixels(
  scale: FolderExperiment["data"]["scale"],
  store: ImageStore,
  trainRows: Uint32Array,
  { channels }: ImageForm,
): Promise<Scaling> {
  if (scale !== "standard") return sameForAll(channels, 0, scale === "unit" ? 1 / 255 : 1);
  const count = Math.min(measuredImages, trainRows.length);
  const rows = Array.from({ length: count }, (_, i) => trainRows[Math.floor((i * trainRows.length) / count)] ?? 0);
  const [sums, squares] = [new Float64Array(channels), new Float64Array(channels)];
  let pixels = 0;
  for (let start = 0; start < rows.length; start += stepImages) {
    const step = rows.slice(start, start + stepImages);
    for (const image of await Promise.all(step.map(async (row) => await store.take(row)))) {
      // Sums of bytes and of their squares are exact.
      image.forEach((value, i) => {
        sums[i % channels] = (sums[i % channels] ?? 0) + value;
        squares[i % channels] = (squares[i % channels] ?? 0) + value * value;
      });
      pixels += image.length / channels;
    }
  }
  const means = sums.map((sum) => sum / pixels);
  return standardScaling(
    means,
    squares.map((square, channel) => square / pixels - (means[channel] ?? 0) ** 2),
  );
}
