export type StoreProblem =
  | "missing" // there is no file
  | "foreign" // a file, but not a run store
  | "corrupt" // a run store that cannot be read whole
  | "newer" // made by a newer version
  | "locked" // another process holds it for longer than we wait
  | "full" // no space left, or not allowed to grow
  | "unavailable"; // this Node has no SQLite, or the system refused

/** Something is wrong with a run's store. The message says what and where, the hint what to do. */
export class RunStoreError extends Error {
  override readonly name = "RunStoreError";
  readonly problem: StoreProblem;
  readonly path: string;
  readonly hint: string;

  constructor(problem: StoreProblem, path: string, message: string, hint: string, cause?: unknown) {
    super(`${message} ${hint}`, cause === undefined ? undefined : { cause });
    this.problem = problem;
    this.path = path;
    this.hint = hint;
  }
}

/** SQLite's primary result codes that have a meaning of their own here. */
const sqliteCode = { busy: 5, locked: 6, readOnly: 8, io: 10, corrupt: 11, full: 13, cannotOpen: 14, notDatabase: 26 } as const;

/** An error of `node:sqlite` as a `RunStoreError`; any other error comes back as it is. */
export function asStoreError(error: unknown, path: string): unknown {
  const code = primaryCode(error);
  if (code === undefined || !(error instanceof Error)) return error;
  switch (code) {
    case sqliteCode.busy:
    case sqliteCode.locked:
      return new RunStoreError("locked", path, `${path} is in use by another process.`, "Try again in a moment.", error);
    case sqliteCode.corrupt:
      return corrupt(path, error.message, error);
    case sqliteCode.notDatabase:
      return foreign(path, error);
    case sqliteCode.full:
      return new RunStoreError(
        "full",
        path,
        `${path} cannot grow: the disk is full.`,
        "Free some space; what was recorded before is kept.",
        error,
      );
    case sqliteCode.io:
    case sqliteCode.readOnly:
    case sqliteCode.cannotOpen:
      return new RunStoreError(
        "unavailable",
        path,
        `${path} cannot be used (${error.message}).`,
        "Look at the folder's permissions and at the disk.",
        error,
      );
    default:
      return error;
  }
}

export function corrupt(path: string, detail: string, cause?: unknown): RunStoreError {
  return new RunStoreError(
    "corrupt",
    path,
    `${path} is damaged (${detail}).`,
    "The run's config.mtl.yaml and trainer.log beside it can still be read; restore the file from a copy, or delete the run.",
    cause,
  );
}

/** `detail` where the file looks like one at first. */
export function foreign(path: string, cause?: unknown, detail?: string): RunStoreError {
  return new RunStoreError(
    "foreign",
    path,
    `${path} is not a Taskscope run store${detail === undefined ? "" : ` (${detail})`}.`,
    "Remove the file, or the folder if it holds no run.",
    cause,
  );
}

/** The extended code's low byte; undefined for errors that are not SQLite's. */
function primaryCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !("errcode" in error) || typeof error.errcode !== "number") return undefined;
  return error.errcode & 0xff;
}
