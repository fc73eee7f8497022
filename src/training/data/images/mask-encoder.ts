import { DataError } from "../data-error.ts";
import { LabelFault } from "../labels/label.ts";
import { faultProblem } from "../labels/label-columns.ts";
import type { FittedTaskRows, EncodedLabels } from "../labels/label-rows.ts";
import { labelEncoder } from "../labels/labels.ts";
import { noLabel } from "./decode-mask.ts";
import type { ImageFiles } from "./image-store.ts";

/** Encodes decoded masks as targets. Throws `DataError` MTL352 for a pixel of a class that there is not, with file and row. */
export function maskEncoder(
  task: FittedTaskRows,
  files: ImageFiles,
): (rows: Uint32Array, masks: readonly (Uint8Array | undefined)[]) => EncodedLabels {
  const settings = { ...task.settings, shape: task.targets.shape };
  const encoder = labelEncoder(task.targets, settings);
  return (rows, masks) => {
    const values = new Float32Array(rows.length * encoder.size);
    const present = new Uint8Array(rows.length);
    rows.forEach((row, position) => {
      const mask = masks[position];
      if (mask === undefined) return;
      try {
        present[position] = encoder.encode([classesIn(mask)], values, position * encoder.size) ? 1 : 0;
      } catch (error) {
        if (!(error instanceof LabelFault)) throw error;
        throw new DataError(faultProblem(task, error, { place: files.place(row), row: files.number(row) }));
      }
    });
    return { values, present };
  };
}

/** The class of each pixel, NaN where it has none. */
function classesIn(mask: Uint8Array): Float32Array {
  const numbers = new Uint16Array(mask.buffer, mask.byteOffset, mask.length / 2);
  return Float32Array.from(numbers, (value) => (value === noLabel ? Number.NaN : value));
}
