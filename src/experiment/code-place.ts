/** A place in a file of the user's own code. */
export interface CodePlace {
  /** Absolute path. */
  readonly file: string;
  /** Counted from 1, as compilers and stack traces do. */
  readonly line: number;
  readonly column: number;
}
