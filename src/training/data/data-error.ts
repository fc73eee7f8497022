import type { CheckCode } from "../../experiment/codes.ts";

/** Where in a table a problem was found. */
export interface TablePlace {
  /** Line of a text file, or entry of a JSON array; both count from 1. */
  readonly row?: number;
  readonly column?: string;
}

export interface DataProblem extends TablePlace {
  readonly code: CheckCode;
  /** What is wrong, where, and what to do. */
  readonly message: string;
  /** Path in the experiment file that the problem is shown at. */
  readonly path: readonly (string | number)[];
}

/** A problem as it stands in the whole experiment, when it was found in a part of it. */
export function placedAt({ code, message, row, column }: DataProblem, path: DataProblem["path"]): DataProblem {
  return { code, message, path, ...(row === undefined ? {} : { row }), ...(column === undefined ? {} : { column }) };
}

/** The data cannot be used as the experiment asks. */
export class DataError extends Error implements DataProblem {
  override readonly name = "DataError";
  readonly code: CheckCode;
  readonly path: readonly (string | number)[];
  readonly row?: number;
  readonly column?: string;

  constructor(problem: DataProblem) {
    super(problem.message);
    this.code = problem.code;
    this.path = problem.path;
    if (problem.row !== undefined) this.row = problem.row;
    if (problem.column !== undefined) this.column = problem.column;
  }
}
