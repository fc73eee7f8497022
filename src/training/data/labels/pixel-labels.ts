import type { TaskTargets } from "../dataset.ts";
import { tooManyClasses } from "./class-labels.ts";
import { mostClasses } from "./class-names.ts";
import {
  isMissing,
  LabelFault,
  misshapen,
  nothingToLearn,
  quoted,
  type FittedLabels,
  type LabelCell,
  type LabelEncoder,
  type LabelFit,
  type LabelList,
  type LabelSettings,
} from "./label.ts";

/**
 * Labels of every pixel: segmentation. A cell is the flattened `[height, width]` list of class numbers. Classes that the
 * experiment names are those of the numbers 0, 1, …; else they are the numbers that the training rows have. Pixels that are
 * missing, or have the number to `ignore`, are without a label.
 */
export class PixelFit implements LabelFit {
  readonly #settings: LabelSettings;
  readonly #counts = new Map<number, number>();
  #shape: readonly number[] | undefined;
  #rows = 0;

  constructor(settings: LabelSettings) {
    this.#settings = settings;
    for (const index of settings.classes?.keys() ?? []) this.#counts.set(index, 0);
  }

  add(cells: readonly LabelCell[]): void {
    this.#rows += 1;
    const pixels = readPixels(cells, this.#settings);
    if (pixels === undefined) return;
    this.#shape = pixels.shape;
    for (let i = 0; i < pixels.list.length; i++) {
      const value = pixelAt(pixels.list, i, this.#settings);
      if (!Number.isNaN(value)) this.#counts.set(value, (this.#counts.get(value) ?? 0) + 1);
    }
    if (this.#counts.size > mostClasses) throw tooManyClasses(this.#settings);
  }

  finish(): FittedLabels {
    const { id, kind, classes: declared } = this.#settings;
    const found = [...this.#counts].sort(([a], [b]) => a - b);
    const met = found.filter(([, count]) => count > 0).length;
    if (this.#shape === undefined || met === 0) throw nothingToLearn(this.#settings, this.#rows);
    if (met < 2) throw onlyOneClass(this.#settings);
    const classes = declared ?? found.map(([value]) => String(value));
    return { targets: { id, kind, classes, shape: this.#shape, counts: found.map(([, count]) => count), numbers: [] }, remarks: [] };
  }
}

/** Writes the index of each pixel's class, NaN for a pixel without a label. */
export function pixelEncoder(targets: TaskTargets, settings: LabelSettings): LabelEncoder {
  const size = targets.shape.reduce((product, side) => product * side, 1);
  const index = new Map(targets.classes.map((name, place) => [settings.classes === undefined ? Number(name) : place, place]));
  return {
    size,
    encode(cells, into, offset) {
      const pixels = readPixels(cells, settings);
      if (pixels !== undefined && pixels.list.length !== size) throw otherSize(settings, pixels.list, size);
      let labelled = false;
      for (let i = 0; i < size && pixels !== undefined; i++) {
        const value = pixelAt(pixels.list, i, settings);
        const place = Number.isNaN(value) ? Number.NaN : index.get(value);
        if (place === undefined) throw unseenPixel(settings, value);
        into[offset + i] = place;
        labelled ||= !Number.isNaN(place);
      }
      if (!labelled) into.fill(0, offset, offset + size);
      return labelled;
    },
  };
}

function readPixels(
  [cell]: readonly LabelCell[],
  settings: LabelSettings,
): { readonly list: LabelList; readonly shape: readonly number[] } | undefined {
  if (isMissing(cell)) return undefined;
  const { shape } = settings;
  if (typeof cell !== "object" || shape?.length !== 2) {
    const found = typeof cell === "object" && shape !== undefined ? `values of shape [${shape.join(", ")}]` : quoted(cell);
    throw misshapen(settings, 0, found, "a class for each pixel of an image, [height, width]");
  }
  const size = shape.reduce((product, side) => product * side, 1);
  if (cell.length !== size) throw otherSize(settings, cell, size);
  return { list: cell, shape };
}

/** The class number of a pixel, NaN where it has none. */
function pixelAt(list: LabelList, position: number, settings: LabelSettings): number {
  const value = list[position] ?? Number.NaN;
  if (typeof value === "number" && (Number.isNaN(value) || value === settings.ignore)) return Number.NaN;
  const most = settings.classes === undefined ? Number.MAX_SAFE_INTEGER : settings.classes.length - 1;
  if (typeof value === "number" && Number.isInteger(value) && value >= (settings.classes === undefined ? -most : 0) && value <= most)
    return value;
  const { id, columns, classes } = settings;
  const wanted = classes === undefined ? "a whole number" : `one of 0 to ${most}, for ${classes.join(", ")}`;
  throw new LabelFault(
    "MTL352",
    0,
    ({ place }) =>
      `A pixel in ${place} of "${columns[0] ?? ""}" has the class ${quoted(value)}, but for task "${id}" it must be ${wanted}. ` +
      `Correct it, or name the value of pixels without a label under "ignore".`,
  );
}

function otherSize(settings: LabelSettings, list: LabelList, size: number): LabelFault {
  return misshapen(settings, 0, `${list.length} pixels`, `${size} in every row`);
}

function unseenPixel({ id }: LabelSettings, value: number): LabelFault {
  return new LabelFault(
    "MTL318",
    0,
    ({ place, split }) =>
      `Class "${value}" of task "${id}" is in the ${split === undefined ? "data" : `${split} rows`} (${place}) but in no training row. ` +
      `It is too rare to be learned: correct such pixels, name the value under "ignore" if it is no class, or change split.seed.`,
  );
}

function onlyOneClass({ id }: LabelSettings): LabelFault {
  return new LabelFault(
    "MTL303",
    0,
    () =>
      `Task "${id}" has only one class: every labelled pixel of the training rows is the same. There is nothing to learn; remove the task.`,
  );
}
