import type { CodePlace } from "./code-place.ts";

/** A place in an experiment file. Lines and columns count from 0, as editors do; people are shown them from 1. */
export interface TextPosition {
  readonly line: number;
  readonly column: number;
}

export interface TextRange {
  readonly start: TextPosition;
  readonly end: TextPosition;
}

export type Severity = "error" | "warning" | "information";

/** One text edit that repairs the problem: put `replacement` in place of `range`. */
export interface Fix {
  readonly title: string;
  readonly range: TextRange;
  readonly replacement: string;
  /** True for the one repair that is almost certainly meant (the editor offers it first). */
  readonly preferred: boolean;
}

/** A finding about an experiment file. The command line and the Problems view show exactly the same list. */
export interface Diagnostic {
  /** Stable: `MTL` and three digits; each has a paragraph in `docs/checks.md`. */
  readonly code: `MTL${string}`;
  readonly severity: Severity;
  /** What is wrong and what to do, in one or two sentences. */
  readonly message: string;
  readonly range: TextRange;
  readonly fixes: readonly Fix[];
  /** The place in the user's own code, where the problem is there; the range is that of what names the code. */
  readonly origin?: CodePlace;
}
