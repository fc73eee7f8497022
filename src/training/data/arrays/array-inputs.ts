import { DataError } from "../data-error.ts";
import type { InputSpec } from "../dataset.ts";
import { shapeText, type ArrayHeader } from "./array-body.ts";
import { arrayInputs, namedArray, type ArrayExperiment, type ArrayInput } from "./array-experiment.ts";
import type { StoredArray } from "./array-file.ts";
import { labelTasks } from "./array-labels.ts";
import { nameOf, type ArrayPlace } from "./array-problem.ts";

/** An input with what its array's header tells. */
export interface DescribedInput {
  readonly input: ArrayInput;
  readonly stored: StoredArray;
  readonly header: ArrayHeader;
  readonly spec: InputSpec;
}

export interface DescribedArrays {
  readonly inputs: readonly DescribedInput[];
  /** Length of the first axis, of all of them. */
  readonly rows: number;
}

/**
 * Looks at the headers of all arrays that an experiment uses: they must be there, have axes that fit their use, and be of one length.
 * Throws `DataError` MTL341 (texts as input), MTL344 (no such array), MTL345 (axes), MTL348 (other lengths), and what reading headers throws.
 */
export async function describeArrays(arrays: ReadonlyMap<string, StoredArray>, experiment: ArrayExperiment): Promise<DescribedArrays> {
  const inputs: DescribedInput[] = [];
  for (const input of arrayInputs(experiment)) {
    const stored = namedArray(arrays, input.name, input.path, experiment.data);
    const header = await stored.header();
    inputs.push({ input, stored, header, spec: { name: input.name, shape: rowShape(header, input, stored.place), features: [] } });
  }
  const labels = labelTasks(experiment).flatMap(({ settings, paths }) =>
    settings.columns.map((name, position) => {
      const path = paths[position] ?? ["tasks", settings.id];
      return { stored: namedArray(arrays, name, path, experiment.data), path };
    }),
  );
  const rows = await agreedLength([...inputs.map(({ stored, input: { path } }) => ({ stored, path })), ...labels]);
  return { inputs, rows };
}

/** Shape of one row as the network takes it in. */
function rowShape({ shape, dtype }: ArrayHeader, { as, path, name }: ArrayInput, place: ArrayPlace): readonly number[] {
  const refuse = (code: "MTL341" | "MTL345", message: string): DataError => new DataError({ code, path, column: name, message });
  if (dtype.kind === "text")
    throw refuse("MTL341", `${nameOf(place)} holds texts, and only numbers enter the network. Save a number for each text.`);
  const row = shape.slice(1);
  if (shape.length === 0)
    throw refuse("MTL345", `${nameOf(place)} is a single value. Inputs need a first axis with an entry for each row.`);
  if (row.includes(0)) throw refuse("MTL345", `${nameOf(place)} has the shape ${shapeText(shape)}: its rows hold nothing.`);
  if (as === "image" && row.length !== 2 && row.length !== 3) {
    throw refuse(
      "MTL345",
      `${nameOf(place)} has the shape ${shapeText(shape)}; images are (rows, height, width) or (rows, height, width, channels).`,
    );
  }
  if (as === "sequence" && row.length !== 2) {
    throw refuse("MTL345", `${nameOf(place)} has the shape ${shapeText(shape)}; sequences are (rows, steps, features).`);
  }
  if (row.length === 0) return [1];
  return row.length === 2 && as !== "sequence" ? [...row, 1] : row;
}

async function agreedLength(
  used: readonly { readonly stored: StoredArray; readonly path: readonly (string | number)[] }[],
): Promise<number> {
  let first: { readonly name: string; readonly rows: number } | undefined;
  for (const { stored, path } of used) {
    const { shape } = await stored.header();
    const rows = shape[0] ?? 1;
    first ??= { name: nameOf(stored.place), rows };
    if (rows === first.rows) continue;
    const message = `${first.name} has ${first.rows.toLocaleString("en")} rows (entries of the first axis), and ${nameOf(stored.place)} has ${rows.toLocaleString("en")}. All arrays need one entry for each row.`;
    throw new DataError({ code: "MTL348", path, column: stored.place.array ?? stored.place.name ?? stored.place.file, message });
  }
  return first?.rows ?? 0;
}
