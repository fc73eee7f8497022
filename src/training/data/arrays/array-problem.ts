import { DataError } from "../data-error.ts";
import type { CheckCode } from "../../../experiment/codes.ts";

/** Where an array is, for messages and for the place in the experiment that names it. */
export interface ArrayPlace {
  /** The file's name without its folder. */
  readonly file: string;
  /** Its name in an archive of several. */
  readonly array?: string;
  /** What the experiment calls it, where it is a file of its own. */
  readonly name?: string;
  readonly path: readonly (string | number)[];
}

/** What a person calls an array: `"image" in digits.npz`, or `labels.npy`. */
export function nameOf({ file, array }: ArrayPlace): string {
  return array === undefined ? `"${file}"` : `"${array}" in "${file}"`;
}

/** A problem of an array. `row` counts from 0, as NumPy does, and the error's from 1, as all rows of data. */
export function arrayError(place: ArrayPlace, code: CheckCode, message: string, row?: number): DataError {
  const column = place.array ?? place.name;
  return new DataError({
    code,
    path: place.path,
    message,
    ...(column === undefined ? {} : { column }),
    ...(row === undefined ? {} : { row: row + 1 }),
  });
}

/** MTL340: the bytes are not what they should be. */
export function damaged(place: ArrayPlace, why: string, row?: number): DataError {
  return arrayError(place, "MTL340", `${nameOf(place)} is damaged: ${why} Make or copy the file again.`, row);
}
