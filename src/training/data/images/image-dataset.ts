import type { Split } from "../../../experiment/record.ts";
import { sameForAll, scaledZero, standardScaling, writeScaled, type Scaling } from "../arrays/scaling.ts";
import type { InputSpec, RowSource } from "../dataset.ts";
import { momentsIn, type InputMeasure, type Moments } from "../input-measure.ts";
import { fitRows, rowEncoder, type EncodedLabels, type FittedRows } from "../labels/label-rows.ts";
import type { OpenedData } from "../opened-data.ts";
import { DecodePool } from "./decode-pool.ts";
import { readImageRows, requireImages, type FolderExperiment } from "./image-rows.ts";
import { ImageSource, type AssembleImages, type Decoded } from "./image-source.ts";
import { ImageStore, type ImageFiles, type Room } from "./image-store.ts";
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

/** Moments of each channel, none where nothing is measured. */
export function imageMeasure({ data: { scale } }: FolderExperiment, moments: readonly Moments[]): InputMeasure {
  return { kind: "number", name: "image", path: ["data", "scale"], scale, moments };
}

/**
 * A folder of images as rows: labels in memory, images decoded batch by batch on threads of their own and kept as far as `data.memory` goes.
 * Throws `DataError` for labels as tables do, and MTL360 where an image is missing; what is wrong inside of an image comes when it is
 * decoded.
 */
export async function openImageData(experiment: FolderExperiment, baseFolder: string): Promise<OpenedData> {
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
  const stores = [images, ...maskFiles.map((each) => new ImageStore(each, pool, room))];
  const encoders = tasks.map((task, index) => taskEncoder(task, masks[index], 1 + maskFiles.findIndex((each) => each === masks[index])));
  const close = async (): Promise<void> => await pool.close();
  try {
    const moments = data.scale === "standard" ? await measurePixels(images, parts.train, form) : [];
    return {
      measures: [imageMeasure(experiment, moments)],
      close,
      async finish(measures) {
        const scaling = pixelScaling(data.scale, form, momentsIn(measures[0]));
        const rowBytes = size + maskFiles.length * form.height * form.width * 2;
        const assemble = assembler(form, scaling, encoders);
        const sourceOf = (split: Split, from = stores): RowSource => new ImageSource(parts[split], from, rowBytes, assemble);
        // From stores that keep nothing: memory is for what every epoch needs.
        const passing = [files, ...maskFiles].map((each) => new ImageStore(each, pool, { bytes: 0 }));
        try {
          await lookAhead([sourceOf("test", passing), sourceOf("validation", passing)]);
        } catch (error) {
          await close();
          throw error;
        }
        return {
          inputs: [{ ...imageInput(form), black: scaledZero(scaling) }],
          tasks: tasks.map(({ targets }) => targets),
          splits: { train: sourceOf("train"), validation: sourceOf("validation"), test: sourceOf("test") },
          close,
        };
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** How long a training may wait to hear what is wrong with images that it needs last. */
const patienceMs = 2000;

/**
 * Decodes images and masks that the training comes to after an epoch, or after the last: what is wrong with them would cost all that was trained
 * until then. All of them where there are few, and as many as there is time for; the numbers of a training do not depend on it.
 */
async function lookAhead(sources: readonly RowSource[]): Promise<void> {
  const until = performance.now() + patienceMs;
  for (const source of sources) {
    for await (const _ of source.scan(lookedAtOnce)) if (performance.now() > until) return;
  }
}

const lookedAtOnce = 16;

type EncodeTask = (rows: Uint32Array, decoded: readonly Decoded[]) => EncodedLabels;

/** Labels of a task, of which masks are decoded as what a row has in the given store. */
function taskEncoder(task: FittedRows["tasks"][number], masks: ImageFiles | undefined, store: number): EncodeTask {
  if (masks === undefined) return rowEncoder(task);
  const encode = maskEncoder(task, masks);
  return (rows, decoded) =>
    encode(
      rows,
      decoded.map((each) => each[store]),
    );
}

/** Puts rows together of their decoded images and their labels. */
function assembler({ height, width, channels }: ImageForm, scaling: Scaling, encoders: readonly EncodeTask[]): AssembleImages {
  const size = height * width * channels;
  return (rows, decoded) => {
    const pixels = new Float32Array(rows.length * size);
    decoded.forEach(([values = new Uint8Array(size)], index) =>
      writeScaled({ values, width: size, channels }, 0, scaling, pixels, index * size),
    );
    const encoded = encoders.map((encode) => encode(rows, decoded));
    return {
      rows: rows.length,
      inputs: [pixels],
      targets: encoded.map(({ values }) => values),
      present: encoded.map(({ present }) => present),
    };
  };
}

/** Images that the scale is measured in. More would not change it by anything that matters, and all of them must be decoded first. */
const measuredImages = 1000;
/** Images that are decoded at a time while it is measured. */
const stepImages = 64;

function pixelScaling(scale: FolderExperiment["data"]["scale"], { channels }: ImageForm, moments: readonly Moments[]): Scaling {
  if (scale === "standard") return standardScaling(moments);
  return sameForAll(channels, 0, scale === "unit" ? 1 / 255 : 1);
}

/** Moments of each channel over images that stand evenly spread among the training rows; they count as all of them. */
async function measurePixels(
  store: ImageStore,
  trainRows: Uint32Array,
  { height, width, channels }: ImageForm,
): Promise<readonly Moments[]> {
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
  const all = trainRows.length * height * width;
  return Array.from(sums, (sum, channel) => {
    const mean = sum / pixels;
    const variance = (squares[channel] ?? 0) / pixels - mean ** 2;
    return { count: all, mean, squares: variance * all, least: 0, greatest: 255 };
  });
}
