import type { RandomStream } from "../../../balancers/kernels/random-stream.ts";
import { imageAugmentSchema, type ImageAugment } from "../../../experiment/data/augment-data.ts";
import type { Experiment } from "../../../experiment/schema.ts";
import type { DataProblem } from "../data-error.ts";
import type { Dataset, InputSpec, RowValues, TaskTargets } from "../dataset.ts";
import { drawPlacement, moves, place, type Frame } from "./geometry.ts";

/** Changes rows by chance; gives new arrays and leaves the old ones as they are. */
export type Augment = (values: RowValues, stream: RandomStream) => RowValues;

type Data = Pick<Dataset, "inputs" | "tasks">;

/** What an experiment says of augmentation, where it says something. */
export function augmentSettings({ data }: Pick<Experiment, "data">): ImageAugment | undefined {
  const given = "augment" in data ? data.augment : undefined;
  return given === undefined ? undefined : { ...nothing, ...given };
}

const nothing = imageAugmentSchema.parse({});

/** What the data does not have that augmentation needs. */
export function augmentProblems(experiment: Pick<Experiment, "data">, { inputs, tasks }: Data): DataProblem[] {
  const settings = augmentSettings(experiment);
  if (settings === undefined) return [];
  const refuse = (message: string, ...key: readonly string[]): DataProblem => ({
    code: "MTL365",
    path: ["data", "augment", ...key],
    message,
  });
  const images = inputs.filter(isImage);
  const asked = forImages.find((key) => settings[key] !== undefined && settings[key] !== 0);
  if (asked !== undefined && images.length === 0) {
    return [refuse(`"${asked}" changes images, and no input is one: (height, width, channels). Take it out.`, asked)];
  }
  const sides = images.flatMap(({ shape }) => shape.slice(0, 2));
  if (settings.shift >= Math.min(...sides)) {
    return [
      refuse(
        `"shift: ${settings.shift}" may move a whole image of ${sides.slice(0, 2).join(" × ")} pixels out of sight. Make it smaller.`,
        "shift",
      ),
    ];
  }
  const mask = tasks.find((task) => isMask(task) && !images.some(({ shape }) => shape[0] === task.shape[0] && shape[1] === task.shape[1]));
  if (mask === undefined || !moves(settings)) return [];
  const message = `The pixels of task "${mask.id}" (${mask.shape.join(" × ")}) must move with the image (${sides.slice(0, 2).join(" × ")}), and are of another size. Take flip, shift, rotate and zoom out, or make the sizes the same.`;
  return [refuse(message)];
}

const forImages = ["flip", "shift", "rotate", "zoom", "brightness", "contrast"] as const;

/**
 * Augmentation of training rows. All images of a row, and masks with a class for each of their pixels, are moved alike; brightness, contrast,
 * noise and dropout come after, in this order, each with draws of its own. What comes in from beyond an image's edge is black, and for masks
 * without a label. The draws of a row depend on the rows before it alone.
 */
export function augmentation(settings: ImageAugment, { inputs, tasks }: Data): Augment {
  const images = inputs.map((input) => (isImage(input) ? frameOf(input.shape) : undefined));
  const masks = tasks.map((task) => (isMask(task) ? frameOf([...task.shape, 1]) : undefined));
  return (values, stream) => {
    const changed = values.inputs.map((numbers) => numbers.slice());
    const targets = values.targets.map((numbers, index) => (masks[index] === undefined ? numbers : numbers.slice()));
    for (let row = 0; row < values.rows; row++) {
      if (moves(settings)) {
        const placement = drawPlacement(settings, stream);
        images.forEach((frame, index) => {
          const [from, to, input] = [values.inputs[index], changed[index], inputs[index]];
          if (frame === undefined || from === undefined || to === undefined) return;
          place(from, to, row * sizeOf(frame), frame, placement, (channel) => input?.black?.[channel] ?? 0, true);
        });
        masks.forEach((frame, index) => {
          const [from, to] = [values.targets[index], targets[index]];
          // A row without a label stays one: its zeros are no classes.
          if (frame === undefined || from === undefined || to === undefined || values.present[index]?.[row] !== 1) return;
          place(from, to, row * sizeOf(frame), frame, placement, () => Number.NaN, false);
        });
      }
      changeLight(settings, stream, row, images, inputs, changed);
    }
    inputs.forEach((input, index) => {
      const numbers = changed[index];
      if (numbers !== undefined) addNoise(settings, stream, numbers, input);
    });
    return { ...values, inputs: changed, targets };
  };
}

function isImage({ shape }: InputSpec): boolean {
  return shape.length === 3;
}

function isMask({ kind }: TaskTargets): boolean {
  return kind === "segmentation";
}

function frameOf([height = 0, width = 0, channels = 0]: readonly number[]): Frame {
  return { height, width, channels };
}

function sizeOf({ height, width, channels }: Frame): number {
  return height * width * channels;
}

/** Brightness is a factor on what lies above black, contrast one on what lies around the image's mean. */
function changeLight(
  { brightness, contrast }: ImageAugment,
  stream: RandomStream,
  row: number,
  images: readonly (Frame | undefined)[],
  inputs: readonly InputSpec[],
  changed: readonly Float32Array[],
): void {
  if (brightness === 0 && contrast === 0) return;
  const bright = brightness === 0 ? 1 : 1 + (2 * stream.uniform() - 1) * brightness;
  const rich = contrast === 0 ? 1 : 1 + (2 * stream.uniform() - 1) * contrast;
  images.forEach((frame, index) => {
    if (frame === undefined) return;
    const pixels = changed[index]?.subarray(row * sizeOf(frame), (row + 1) * sizeOf(frame)) ?? new Float32Array();
    const mean = pixels.reduce((sum, value) => sum + value, 0) / pixels.length;
    for (let i = 0; i < pixels.length; i++) {
      const black = inputs[index]?.black?.[i % frame.channels] ?? 0;
      const lit = black + ((pixels[i] ?? 0) - black) * bright;
      const middle = black + (mean - black) * bright;
      pixels[i] = middle + (lit - middle) * rich;
    }
  });
}

/** Noise on the features that are quantities: the number of a category is none. */
function addNoise({ noise, dropout }: ImageAugment, stream: RandomStream, numbers: Float32Array, input: InputSpec): void {
  const width = input.shape.reduce((product, length) => product * length, 1);
  const quantities = width - (input.embeddings?.length ?? 0);
  const isQuantity = (i: number): boolean => i % width < quantities;
  if (noise > 0) for (let i = 0; i < numbers.length; i++) if (isQuantity(i)) numbers[i] = (numbers[i] ?? 0) + noise * stream.normal();
  if (dropout > 0) for (let i = 0; i < numbers.length; i++) if (isQuantity(i) && stream.uniform() < dropout) numbers[i] = 0;
}
