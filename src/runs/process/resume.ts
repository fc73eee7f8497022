import { existsSync } from "node:fs";
import { join } from "node:path";
import { runFiles } from "../contract.ts";
import { isEnded } from "../registry.ts";
import { requeue } from "../store/outside-writes.ts";
import { RunReader } from "../store/run-reader.ts";
import { identityOf } from "./process-identity.ts";
import { startTrainer, type TrainerProgram } from "./start-trainer.ts";

/** Thrown when a run cannot go on, with the reason and what to do. */
export class ResumeError extends Error {
  override readonly name = "ResumeError";
}

/**
 * Lets a run that was stopped, failed or crashed go on in its own folder from its last checkpoint: what it recorded of later
 * steps is replaced. Resolves once the trainer's process is there. Throws `ResumeError`, `TrainerStartError`, `RunStoreError`.
 */
export async function resumeRun(folder: string, program: TrainerProgram): Promise<{ readonly pid: number; readonly step: number }> {
  const step = askToResume(folder);
  const { pid } = await startTrainer(folder, program, step);
  return { pid, step };
}

/** Puts the run back into the queue. Of two who ask at once, one finds that the other was faster. */
function askToResume(folder: string): number {
  using reader = RunReader.open(folder);
  // First the row, then what it means: if it changes in between, it is not taken over below.
  const row = reader.row();
  const run = reader.summary();
  if (!isEnded(run)) throw new ResumeError(`The run ${run.id} is ${run.status}; there is nothing to resume.`);
  if (run.status === "completed")
    throw new ResumeError(`The run ${run.id} is completed. To train longer, run the experiment with more epochs.`);
  const step = lastCheckpoint(reader);
  if (step === undefined) {
    throw new ResumeError(
      `The run ${run.id} has no checkpoint in ${join(folder, runFiles.checkpoints)} to go on from. Run the experiment again.`,
    );
  }
  const starter = identityOf(process.pid);
  if (starter === undefined) throw new ResumeError("This system does not tell when this process started.");
  if (!requeue(folder, row, starter)) throw new ResumeError(`The run ${run.id} was resumed by someone else just now.`);
  return step;
}

/**
 * Only a checkpoint that the store knows of counts: it was recorded after everything that happened before it, so no point up to
 * its step is missing. A trainer that was killed right after writing one may not have come to that.
 */
function lastCheckpoint(reader: RunReader): number | undefined {
  const steps = reader.events().flatMap(({ kind, step, detail }) => {
    const there =
      kind === "checkpoint" &&
      detail?.["folder"] === `step-${step}` &&
      existsSync(join(reader.folder, runFiles.checkpoints, `step-${step}`));
    return there ? [step] : [];
  });
  return steps.length === 0 ? undefined : Math.max(...steps);
}
