import type { FactProblem } from "../experiment/facts.ts";
import type { Split } from "../experiment/record.ts";
import type { Experiment } from "../experiment/schema.ts";
import type { DataShape } from "../training/model/plan.ts";

/** What the inspector asks the process that tries the user's code. Both ends come from one build. */
export interface TrialQuestion {
  readonly experiment: Experiment;
  readonly baseFolder: string;
  readonly shape: DataShape | undefined;
}

/** What that process tells. */
export type FromTrial =
  | { readonly kind: "began"; readonly part: "data" | "model"; readonly what: "load" | "call" }
  | { readonly kind: "data"; readonly rows: Readonly<Record<Split, number>>; readonly shape: DataShape }
  | { readonly kind: "network"; readonly shares: boolean }
  | { readonly kind: "problem"; readonly problem: FactProblem }
  | { readonly kind: "files"; readonly paths: readonly string[] }
  | { readonly kind: "done" }
  /** It went wrong by no fault of the user's. */
  | { readonly kind: "failed"; readonly message: string };

export function isTrialQuestion(message: unknown): message is TrialQuestion {
  return typeof message === "object" && message !== null && "experiment" in message && "baseFolder" in message;
}

export function isFromTrial(message: unknown): message is FromTrial {
  return typeof message === "object" && message !== null && "kind" in message;
}
