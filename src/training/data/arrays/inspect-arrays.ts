import type { ColumnFacts, DataFacts } from "../../../experiment/facts.ts";
import { DataError, type DataProblem } from "../data-error.ts";
import type { Dataset } from "../dataset.ts";
import type { InputMeasure } from "../input-measure.ts";
import { labelFacts } from "../labels/label-facts.ts";
import { fitRows, rowWarnings } from "../labels/label-rows.ts";
import { storedArrays, type ArrayExperiment } from "./array-experiment.ts";
import type { StoredArray } from "./array-file.ts";
import { elementsOf } from "./array-body.ts";
import { readNumbers, requireFinite } from "./array-dataset.ts";
import { describeArrays, type DescribedInput } from "./array-inputs.ts";
import { nameOf } from "./array-problem.ts";
import { isWholeNumber } from "./dtype.ts";
import { readLabels } from "./array-labels.ts";

export interface ArrayInspection {
  readonly columns: readonly ColumnFacts[] | undefined;
  readonly rows: DataFacts["rows"];
  readonly problems: readonly (DataProblem & { readonly severity?: "warning" | "information" })[];
  readonly shape: Pick<Dataset, "inputs" | "tasks"> | undefined;
  /** How the inputs are scaled; nothing is measured. */
  readonly measures: readonly InputMeasure[];
}

/** Numbers of an input that a check reads. */
const mostNumbers = 2 ** 20;

/** What can be told of arrays by their headers, the labels, and inputs that are small. A problem is listed, not thrown. */
export async function inspectArrays(experiment: ArrayExperiment, baseFolder: string): Promise<ArrayInspection> {
  let columns: readonly ColumnFacts[] | undefined;
  try {
    const arrays = await storedArrays(experiment, baseFolder);
    columns = await Promise.all([...arrays].map(async ([name, stored]) => await headerFacts(name, stored)));
    const { inputs, rows } = await describeArrays(arrays, experiment);
    const labels = await readLabels(arrays, experiment, rows, experiment.data.memory * 2 ** 20);
    columns = columns.map((column) => ({ ...column, ...labelFacts(labels, column.name) }));
    const fitted = fitRows(labels, experiment.data.split);
    const { train, validation, test } = fitted.parts;
    const small = inputs.filter(({ spec }) => rows * elementsOf(spec) <= mostNumbers);
    // Whole numbers can all be computed with; what is wrong with their file shows when the training reads it.
    for (const input of small)
      if (!hasWholeNumbers(input)) requireFinite(await readNumbers(input, Infinity), Object.values(fitted.parts), input);
    return {
      columns,
      rows: { train: train.length, validation: validation.length, test: test.length },
      problems: [
        ...rowWarnings(fitted).map((problem) => ({ ...problem, severity: "warning" as const })),
        ...inputs.filter((input) => !small.includes(input)).map(unread),
      ],
      shape: { inputs: inputs.map(({ spec }) => spec), tasks: fitted.tasks.map(({ targets }) => targets) },
      measures: inputs.map(({ input: { name, path, scale } }) => ({ kind: "number", name, path, scale, moments: [] })),
    };
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    return { columns, rows: undefined, problems: [error], shape: undefined, measures: [] };
  }
}

function hasWholeNumbers({ header: { dtype } }: DescribedInput): boolean {
  return dtype.kind === "number" && isWholeNumber(dtype);
}

function unread({ input: { path, name }, stored }: DescribedInput): DataProblem & { readonly severity: "information" } {
  const message = `${nameOf(stored.place)} is large: its header alone was checked here. Its numbers are when the training begins, before its first step.`;
  return { code: "MTL333", path, column: name, message, severity: "information" };
}

/** An array that cannot be used is no problem as long as nothing uses it. */
async function headerFacts(name: string, stored: StoredArray): Promise<ColumnFacts> {
  try {
    const { dtype, shape } = await stored.header();
    return { name, type: dtype.kind, missing: 0, distinct: 0, shape };
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    return { name, type: "empty", missing: 0, distinct: 0 };
  }
}
