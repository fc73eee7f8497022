import { explainStep, ExplainError } from "../runs/process/explain-step.ts";
import { findRoot } from "../runs/run-folder.ts";
import { CommandError, exitCode } from "./exit.ts";
import type { ExperimentText } from "./experiment-text.ts";
import { programsBeside } from "./programs.ts";
import { explanationText } from "./step-explanation-text.ts";
import { print, printJson, say } from "./terminal.ts";

/** `taskscope run FILE --explain-step`: what a step of the run would come to. Nothing is recorded. */
export async function explainRun({ text, path, name }: ExperimentText, { json }: { readonly json?: true }): Promise<void> {
  const { trainer: entry, execPath } = programsBeside();
  if (!json) say(`Making some steps of ${name}, of which nothing is recorded.`);
  try {
    const question = { config: text, experimentFile: path, workspace: findRoot(path) };
    const explanation = await explainStep(question, { entry, execPath, print: (printed) => void process.stderr.write(printed) });
    await (json ? printJson(explanation) : print(explanationText(explanation)));
  } catch (error) {
    if (!(error instanceof ExplainError)) throw error;
    throw new CommandError(error.message, exitCode.failed);
  }
}
