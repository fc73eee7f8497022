import { namedInputs } from "../../../experiment/data/named-inputs.ts";
import type { Experiment } from "../../../experiment/schema.ts";
import { tableInput, type DatePart, type TableInput } from "../../../experiment/table-inputs.ts";
import type { ColumnHead } from "./table-reader.ts";
import { labelColumns, type LabelColumns } from "../labels/label-columns.ts";

export type TableExperiment = Omit<Experiment, "data"> & { readonly data: Extract<Experiment["data"], { file: string; missing: string }> };

/** True when the experiment's data is a table file. */
export function hasTable(experiment: Experiment): experiment is Experiment & TableExperiment {
  return "file" in experiment.data && "missing" in experiment.data;
}

/** Most categories of one text input with a feature for each; more are nearly always an identifier. */
const mostFeatures = 1000;
/** Most categories of an embedding, and most different texts of a label column. */
const mostTexts = 2 ** 20;

/** One column of the table, as it is kept for one use: the same column may be a number here and a label there. */
export interface Slot {
  readonly column: string;
  /** `either`: numbers where all its values are numbers, else categories. */
  readonly role: "either" | "number" | "category" | "date";
  /** Most different texts. */
  readonly most: number;
  readonly use: "input" | "label";
  /** Its values are lists: the labels of a row, or the components of a vector. */
  readonly lists?: true;
  /** Where the experiment names the column. */
  readonly path: readonly (string | number)[];
}

export interface PlannedInput {
  /** Input of the network that the column is part of. */
  readonly name: string;
  readonly slot: number;
  readonly input: TableInput;
  readonly missing: NonNullable<TableInput["missing"]>;
  readonly dateParts: readonly DatePart[];
}

export interface PlannedTask extends LabelColumns {
  /** One a label column. */
  readonly slots: readonly number[];
}

/** Which columns of a table an experiment needs, and as what. */
export interface TablePlan {
  readonly slots: readonly Slot[];
  readonly inputs: readonly PlannedInput[];
  readonly tasks: readonly PlannedTask[];
}

/** `columns` are those of the table. */
export function planTable({ data, tasks }: TableExperiment, columns: readonly ColumnHead[]): TablePlan {
  const slots: Slot[] = [];
  const add = (slot: Slot): number => slots.push(slot) - 1;
  const listed = namedInputs<string | TableInput>(data.inputs).flatMap(({ name, entries }) => entries.map((each) => ({ ...each, name })));
  const inputs = listed.map(({ name, entry, path: below }): PlannedInput => {
    const input = tableInput(entry);
    const { column, encode } = input;
    const path = ["data", "inputs", ...below, ...(typeof entry === "string" ? [] : ["column"])];
    const slot = add({ column, role: roleOf(encode), most: encode === "embedding" ? mostTexts : mostFeatures, use: "input", path });
    return { name, slot, input, missing: input.missing ?? data.missing, dateParts: typeof encode === "object" ? encode : [] };
  });
  const planned = Object.keys(tasks).map((id): PlannedTask => {
    const named = labelColumns({ tasks }, id);
    const role = named.settings.kind === "regression" || named.threshold !== undefined ? "number" : "category";
    const { kind } = named.settings;
    const own = named.settings.columns.map((column, position) => {
      const slot: Slot = { column, role, most: mostTexts, use: "label", path: named.paths[position] ?? ["tasks", id] };
      const hasLists = columns.some(({ name, lists }) => name === column && lists === true);
      const takesLists = (kind === "multi-label" || kind === "regression") && named.settings.columns.length === 1;
      return add(hasLists && takesLists ? { ...slot, role: "category", lists: true } : slot);
    });
    return { ...named, slots: own };
  });
  return { slots, inputs, tasks: planned };
}

function roleOf(encode: TableInput["encode"]): Slot["role"] {
  if (typeof encode === "object") return "date";
  if (encode === undefined) return "either";
  return encode === "number" ? "number" : "category";
}
