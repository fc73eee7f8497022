import type { Split } from "../../../experiment/record.ts";
import { DataError } from "../data-error.ts";
import type { Dataset, InputSpec, RowSource, RowValues } from "../dataset.ts";
import { momentsIn, type InputMeasure } from "../input-measure.ts";
import { GatheredSource } from "../gathered-source.ts";
import type { OpenedData } from "../opened-data.ts";
import { fitRows, rowEncoder, type FittedRows } from "../labels/label-rows.ts";
import { elementsOf, indexText, type NumberArray } from "./array-body.ts";
import { storedArrays, type ArrayExperiment } from "./array-experiment.ts";
import { describeArrays, type DescribedInput } from "./array-inputs.ts";
import { readLabels } from "./array-labels.ts";
import { nameOf } from "./array-problem.ts";
import { isWholeNumber } from "./dtype.ts";
import { measureScale, scaledZero, scalingOf, writeScaled, type NumberRows, type Scaling } from "./scaling.ts";

/** An input in memory, with what turns its numbers into those that enter the network. */
interface LoadedInput {
  readonly rows: NumberRows;
  readonly scaling: Scaling;
}

/**
 * Reads and prepares arrays. They stay in memory in their own type, a byte a pixel where they are bytes; batches are scaled when they
 * are gathered. Labels are encoded then too. Throws `DataError`.
 */
export async function openArrayData(experiment: ArrayExperiment, baseFolder: string): Promise<OpenedData> {
  const memory = experiment.data.memory * 2 ** 20;
  const arrays = await storedArrays(experiment, baseFolder);
  const described = await describeArrays(arrays, experiment);
  const labels = await readLabels(arrays, experiment, described.rows, memory);
  const { tasks, parts } = fitRows(labels, experiment.data.split);
  let left = memory;
  const rows: NumberRows[] = [];
  const measures: InputMeasure[] = [];
  for (const each of described.inputs) {
    const array = await readNumbers(each, left);
    left -= array.values.byteLength;
    const numbers: NumberRows = { ...array, width: elementsOf(each.spec), channels: each.spec.shape.at(-1) ?? 1 };
    requireFinite(array, Object.values(parts), each);
    const { name, path, scale } = each.input;
    rows.push(numbers);
    measures.push({ kind: "number", name, path, scale, moments: measureScale(scale, numbers, parts.train) });
  }
  return {
    measures,
    finish(shared) {
      const inputs = rows.map((numbers, index): LoadedInput => {
        const scale = described.inputs[index]?.input.scale ?? "none";
        return { rows: numbers, scaling: scalingOf(scale, numbers, momentsIn(shared[index])) };
      });
      return scaledArrays(described.inputs, inputs, { tasks, parts });
    },
  };
}

function scaledArrays(described: readonly DescribedInput[], inputs: readonly LoadedInput[], { tasks, parts }: FittedRows): Dataset {
  const encoders = tasks.map(rowEncoder);
  const sourceOf = (split: Split): RowSource =>
    new GatheredSource(parts[split], (rows): RowValues => {
      const labelled = encoders.map((encode) => encode(rows));
      return {
        rows: rows.length,
        inputs: inputs.map((input) => gatherInput(input, rows)),
        targets: labelled.map(({ values }) => values),
        present: labelled.map(({ present }) => present),
      };
    });
  return {
    inputs: described.map(({ spec }, index) => ({ ...spec, ...blackOf(spec, inputs[index]) })),
    tasks: tasks.map(({ targets }) => targets),
    splits: { train: sourceOf("train"), validation: sourceOf("validation"), test: sourceOf("test") },
  };
}

export async function readNumbers({ stored, input }: DescribedInput, memory: number): Promise<NumberArray> {
  const array = await stored.read(memory);
  if (array.kind === "number") return array;
  throw new TypeError(`The check of the arrays let texts pass as the input "${input.name}".`);
}

/** Inputs have no marks for missing values: a row that is to be trained on must be whole. */
export function requireFinite(
  { values, dtype, shape, place }: NumberArray,
  parts: readonly Uint32Array[],
  { input, spec }: DescribedInput,
): void {
  if (isWholeNumber(dtype)) return;
  const width = elementsOf(spec);
  for (const row of parts.flatMap((part) => [...part])) {
    for (let i = row * width; i < (row + 1) * width; i++) {
      const value = values[i] ?? 0;
      if (Number.isFinite(value)) continue;
      const message = `${nameOf(place)} is ${Number.isNaN(value) ? "not a number (NaN)" : "infinite"} at index ${indexText({ shape, fortran: false }, i)}, and cannot enter the network. Correct it, or leave that row out.`;
      throw new DataError({ code: "MTL346", path: input.path, column: input.name, row: row + 1, message });
    }
  }
}

/** What 0 has become, where the rows are images. */
function blackOf({ shape }: InputSpec, input: LoadedInput | undefined): Pick<InputSpec, "black"> {
  return shape.length !== 3 || input === undefined ? {} : { black: scaledZero(input.scaling) };
}

function gatherInput({ rows: numbers, scaling }: LoadedInput, rows: Uint32Array): Float32Array {
  const gathered = new Float32Array(rows.length * numbers.width);
  rows.forEach((row, index) => writeScaled(numbers, row, scaling, gathered, index * numbers.width));
  return gathered;
}
