import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseExperiment } from "../experiment/parse.ts";
import { runFiles } from "../runs/contract.ts";
import { type ExplainAnswer, explainQuestion, type ExplainQuestion } from "../runs/process/explain-step.ts";
import { explainStep } from "../training/explain/explain-step.ts";
import { StrayErrors } from "../training/stray-errors.ts";
import { whyNotNative } from "./native-trial.ts";
import { reasonOf } from "./run-trainer.ts";
import { wasmBeside } from "./wasm-beside.ts";

/** `trainer --explain-step`: makes a few steps of the experiment that its parent sends, answers what a step comes to, and ends. Asked by `runs/process/explain-step.ts`. */
export async function tellStep(entry: string): Promise<void> {
  process.once("disconnect", () => process.exit(1));
  const message = await new Promise<unknown>((resolve) => process.once("message", resolve));
  const answer = await answerTo(entry, explainQuestion.parse(message));
  await new Promise((resolve) => process.send?.(answer, resolve));
  process.exit(0);
}

async function answerTo(entry: string, question: ExplainQuestion): Promise<ExplainAnswer> {
  const strays = new StrayErrors();
  try {
    return { explanation: await Promise.race([explanationOf(entry, question), strays.late]) };
  } catch (error) {
    return { reason: reasonOf(error) };
  }
}

async function explanationOf(entry: string, { config, experimentFile, workspace, folder }: ExplainQuestion) {
  const { experiment } = parseExperiment(config);
  if (experiment === undefined) throw new TypeError("The experiment has errors.");
  const baseFolder = dirname(experimentFile);
  // What is known of the native backend in a workspace stands beside its runs, where there are any.
  const home = join(workspace, ".taskscope");
  const beside = existsSync(home) ? join(home, "runs", "none") : folder;
  const refused = experiment.training.backend === "wasm" ? undefined : await whyNotNative(entry, beside, baseFolder);
  return explainStep({
    experiment,
    baseFolder,
    checkpointFolder: join(folder, runFiles.checkpoints),
    backend: { ...wasmBeside(entry), workspaceFolder: baseFolder, threads: experiment.training.threads, refused },
  });
}
