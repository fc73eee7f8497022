import { relative, sep } from "node:path";
import type { CodePlace } from "../../experiment/code-place.ts";
import type { CheckCode } from "../../experiment/codes.ts";
import type { RunEvent } from "../../experiment/record.ts";
import { TrainingError } from "../training-error.ts";

export interface ModuleProblem {
  readonly code: CheckCode;
  /** Which of the experiment's modules. */
  readonly part: "data" | "model";
  /** What is wrong and what to do, without the place. */
  readonly explanation: string;
  /** What it is about, as a person calls it: the file relative to the experiment. */
  readonly file: string;
  readonly place?: CodePlace | undefined;
}

/** The user's own code cannot be used or went wrong. The message begins with the place: `model.ts:17:9 …`. */
export class ModuleError extends TrainingError implements ModuleProblem {
  readonly code: CheckCode;
  readonly part: "data" | "model";
  readonly explanation: string;
  readonly file: string;
  readonly place: CodePlace | undefined;

  /** `baseFolder` is the experiment's, which the place is told relative to. */
  constructor(problem: ModuleProblem, baseFolder: string, cause?: unknown) {
    const { place, file, explanation } = problem;
    const where = place === undefined ? `${file}:` : `${shownPath(place.file, baseFolder)}:${place.line}:${place.column}`;
    super("module", `${where} ${explanation}`, { cause });
    this.code = problem.code;
    this.part = problem.part;
    this.explanation = explanation;
    this.file = file;
    this.place = place;
  }
}

/** The place of an error in the user's own code as an event, by which others find it; undefined for any other error. */
export function placeEvent(error: unknown, step: number): RunEvent | undefined {
  if (!(error instanceof ModuleError) || error.place === undefined) return undefined;
  return { kind: "state", step, at: Date.now(), message: error.explanation, detail: { ...error.place } };
}

/** A path as a person calls it: relative to the experiment's folder, with slashes. */
export function shownPath(file: string, baseFolder: string): string {
  return relative(baseFolder, file).split(sep).join("/");
}
