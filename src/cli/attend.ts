import { join } from "node:path";
import { formatDuration } from "../analysis/format.ts";
import type { RunSummary } from "../runs/contract.ts";
import { requestStop, stopNow } from "../runs/process/stop.ts";
import { type CreatedRun, runsFolderOf } from "../runs/run-folder.ts";
import { exitCode } from "./exit.ts";
import { follow } from "./follow.ts";
import { toneOf } from "./list.ts";
import { openProgress, type Progress } from "./progress.ts";
import { currentRoot, outcomeOf, secondsOf } from "./run-facts.ts";
import { resultText } from "./show.ts";
import { print, printJson, say, toned } from "./terminal.ts";

export interface AttendOptions {
  readonly json?: true;
}

/** What is said of a run that goes on by itself. */
export async function tellDetached({ id, folder }: CreatedRun, pid: number, { json }: AttendOptions): Promise<void> {
  if (json) return printJson({ run: id, pid, folder });
  await print(`${id}\n`);
  // Its id is known in its own workspace alone.
  const named = folder === join(runsFolderOf(currentRoot()), id) ? id : folder;
  say(`Training in process ${pid}. "taskscope show ${named}" tells how it goes, "taskscope stop ${named}" ends it.`);
}

/** Shows how a run goes until it has ended, and sets the exit code. Ctrl-C asks it to end. */
export async function attend({ id, folder }: CreatedRun, { json }: AttendOptions): Promise<void> {
  const progress = openProgress();
  progress.note(`${toned("dim", "run", process.stderr)} ${id} ${toned("dim", "in", process.stderr)} ${folder}`);
  const release = stopOnInterrupt(folder, progress);
  try {
    const ended = await follow(folder, progress);
    progress.end();
    await (json ? printJson(outcomeOf(ended)) : print(endText(ended)));
    process.exitCode = codeOf(ended);
  } finally {
    progress.end();
    release();
  }
}

/** The first Ctrl-C asks the trainer to end after its step, the second ends it at once. */
function stopOnInterrupt(folder: string, progress: Progress): () => void {
  let asked = false;
  const interrupt = (): void => {
    if (asked) {
      progress.note("Ending the trainer at once.");
      stopNow(folder).catch(complain);
      return;
    }
    asked = true;
    progress.note("Ending after this step. Ctrl-C again ends the trainer at once.");
    try {
      requestStop(folder);
    } catch (error) {
      complain(error);
    }
  };
  const complain = (error: unknown): void =>
    progress.note(`The run could not be stopped: ${error instanceof Error ? error.message : String(error)}`);
  const signals = ["SIGINT", "SIGTERM"] as const;
  for (const signal of signals) process.on(signal, interrupt);
  return () => {
    for (const signal of signals) process.off(signal, interrupt);
  };
}

function endText(run: RunSummary): string {
  const where = run.description === null ? "" : ` on ${run.description.backend}`;
  const head = `${run.id} ${toned(toneOf(run.status), run.status)} after ${timeOf(run)}${where}, seed ${run.seed}\n`;
  return head + (run.reason === null ? "" : `${run.reason}\n`) + resultText(run);
}

function timeOf(run: RunSummary): string {
  const seconds = secondsOf(run, Date.now());
  return seconds < 60 ? `${seconds.toFixed(1)} s` : formatDuration(seconds);
}

function codeOf({ status }: RunSummary): number {
  if (status === "completed") return exitCode.done;
  return status === "stopped" ? exitCode.stopped : exitCode.failed;
}
