import { nearest } from "../../../experiment/suggestion.ts";
import type { DataProblem } from "../data-error.ts";
import type { ColumnPacker } from "./column-packer.ts";
import type { Slot, TablePlan } from "./table-plan.ts";
import { placeName, type TableReader } from "./table-reader.ts";

/** One for each of training, validation and test. */
export const fewestRows = 3;

export function noRows({ file, rowWord }: TableReader): DataProblem {
  const where = rowWord === "line" && /\.[ct]sv(\.gz)?$/i.test(file) ? " below the header" : "";
  return {
    code: "MTL311",
    path: ["data", "file"],
    message: `"${file}" has no rows. Add at least ten${where === "" ? "" : " rows"}${where}.`,
  };
}

export function tooFewRows({ file }: TableReader, rows: number): DataProblem {
  const message = `"${file}" has ${rows === 1 ? "1 row, which is" : `${rows} rows, which are`} too few: training, validation and test each need some. Add at least ten rows.`;
  return { code: "MTL319", path: ["data", "file"], message };
}

/** Columns that the plan asks for and the table does not have. */
export function missingColumns(reader: TableReader, { slots }: TablePlan): DataProblem[] {
  const names = reader.columns.map(({ name }) => name);
  const known = new Set(names);
  // A column of several inputs is told of once.
  const lacking = slots.filter(({ column, use }, index) => {
    return !known.has(column) && (use === "label" || slots.findIndex((slot) => slot.column === column) === index);
  });
  const separator = separatorIn(names);
  // A table read with the wrong separator lacks every column for the same reason.
  if (lacking.length > 0 && separator !== undefined) return [otherSeparator(reader, names[0] ?? "", separator)];
  return lacking.map((slot) => missingColumn(slot, names, reader));
}

function missingColumn({ column, path }: Slot, names: readonly string[], { file }: TableReader): DataProblem {
  const close = nearest(column, names);
  const question = close === undefined ? "" : ` Did you mean "${close}"?`;
  const listed = names.length > 50 ? `${names.slice(0, 50).join(", ")}, … (${names.length} in all)` : names.join(", ");
  return { code: "MTL301", path, column, message: `"${file}" has no column "${column}".${question} Its columns are: ${listed}.` };
}

/** What seems to separate the cells of a table that was read as one column. */
function separatorIn(names: readonly string[]): string | undefined {
  const [only = ""] = names;
  return names.length === 1 ? [";", "\t", "|", ","].find((separator) => only.includes(separator)) : undefined;
}

function otherSeparator({ file }: TableReader, header: string, separator: string): DataProblem {
  const name = separator === "\t" ? "tabs" : `"${separator}"`;
  const [used, better] = /\.tsv(\.gz)?$/i.test(file) ? ["tabs", "commas, with the ending .csv"] : ["commas", "commas"];
  return {
    code: "MTL311",
    path: ["data", "file"],
    message:
      `"${file}" seems to separate its cells by ${name}, but ${used} are expected: its header is the one column "${header.slice(0, 60)}". ` +
      `Save it with ${separator === "\t" && used === "commas" ? "the ending .tsv" : better}` +
      `${separator === ";" ? ", and with decimal points where its numbers have decimal commas" : ""}.`,
  };
}

/** Columns that the plan asks for and that hold no single values. */
export function nestedColumns({ columns, file }: TableReader, { slots }: TablePlan): DataProblem[] {
  return slots.flatMap(({ column, path, lists, use }): DataProblem[] => {
    const head = columns.find(({ name }) => name === column);
    if (head?.type !== "nested" || lists === true) return [];
    const words = use === "label" && head.lists === true ? "are labels of kinds multi-label and regression alone" : "cannot be used";
    const message = `Column "${column}" of "${file}" holds ${head.typeName ?? "no single values"}, which ${words}. Leave it out, or write its parts as columns of their own.`;
    return [{ code: "MTL328", path, column, message }];
  });
}

export function emptyColumn({ column, path }: Slot, task?: string): DataProblem {
  const message =
    task === undefined
      ? `Column "${column}" has no value in any row. Remove it from the inputs.`
      : `Task "${task}" has no label in any row: column "${column}" is empty. Remove the task, or fill in labels.`;
  return { code: "MTL306", path, column, message };
}

export function missingInputs(reader: TableReader, { slot, missing, rows, firstMissing }: ColumnPacker): DataProblem {
  return {
    code: "MTL307",
    path: slot.path,
    column: slot.column,
    row: firstMissing,
    message:
      `Input "${slot.column}" is missing in ${missing} of ${rows} rows, first in ${placeName(reader, firstMissing)}. ` +
      `Set "missing: mean" to fill in the training mean, or "missing: drop" to leave such rows out.`,
  };
}
