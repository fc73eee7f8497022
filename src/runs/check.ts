import { checkFacts } from "../experiment/check-facts.ts";
import type { Diagnostic } from "../experiment/diagnostic.ts";
import type { ExperimentFacts } from "../experiment/facts.ts";
import { inOrder } from "../experiment/finding.ts";
import { parseExperiment, type ParsedExperiment } from "../experiment/parse.ts";
import type { Experiment } from "../experiment/schema.ts";

/** Finds out what only data and model can tell; paths in the experiment are relative to the folder. */
export interface Inspects {
  inspect(experiment: Experiment, baseFolder: string): Promise<ExperimentFacts>;
}

export interface CheckedText {
  readonly parsed: ParsedExperiment;
  /** All findings in the order of the text. */
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Checks the text of an experiment file: the one way, for the command line and the editor alike, so that both show the
 * same list. Data and model are looked at only when the file itself has no errors.
 */
export async function checkText(text: string, baseFolder: string, inspector: Inspects): Promise<CheckedText> {
  const parsed = parseExperiment(text);
  if (parsed.experiment === undefined) return { parsed, diagnostics: parsed.diagnostics };
  const facts = await inspector.inspect(parsed.experiment, baseFolder);
  return { parsed, diagnostics: inOrder([...parsed.diagnostics, ...checkFacts(parsed, facts)]) };
}
