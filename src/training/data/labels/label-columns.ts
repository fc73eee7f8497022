import type { Experiment } from "../../../experiment/schema.ts";
import { lossOf } from "../../losses/losses.ts";
import type { DataProblem, TablePlace } from "../data-error.ts";
import type { LabelFault, LabelSettings, RowPlace } from "./label.ts";

/** The label columns of a task, and where the experiment names each. */
export interface LabelColumns {
  readonly settings: LabelSettings;
  /** Paths in the experiment, one a column. */
  readonly paths: readonly (readonly (string | number)[])[];
  /** The label is on which side of this number the column's value is. */
  readonly threshold?: number;
}

/** What an experiment says of a task's labels. A task that names no column has that of its own name. */
export function labelColumns(experiment: Pick<Experiment, "tasks">, id: string): LabelColumns {
  const task = experiment.tasks[id];
  if (task === undefined) throw new TypeError(`There is no task "${id}".`);
  const { kind, column, columns, classes, separator, ignore, threshold } = task;
  const settings: LabelSettings = {
    id,
    kind,
    columns: columns ?? [column ?? id],
    direction: lossOf(task) === "cosine",
    ...(classes === undefined ? {} : { classes: classes.map(String) }),
    ...(separator === undefined ? {} : { separator }),
    ...(ignore === undefined ? {} : { ignore }),
  };
  const own = ["tasks", id];
  const paths = columns?.map((_, position) => [...own, "columns", position]) ?? [column === undefined ? own : [...own, "column"]];
  return { settings, paths, ...(threshold === undefined ? {} : { threshold }) };
}

/** A fault as a problem of the data, for whoever knows the row. */
export function faultProblem({ settings, paths }: LabelColumns, fault: LabelFault, where: RowPlace & Pick<TablePlace, "row">): DataProblem {
  const column = settings.columns[fault.column];
  return {
    code: fault.code,
    path: paths[fault.column] ?? ["tasks", settings.id],
    message: fault.tell(where),
    ...(column === undefined ? {} : { column }),
    ...(where.row === undefined ? {} : { row: where.row }),
  };
}
