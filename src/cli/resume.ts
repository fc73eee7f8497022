import type { Command } from "commander";
import { basename } from "node:path";
import { resumeRun } from "../runs/process/resume.ts";
import { findRun } from "../runs/registry.ts";
import { attend, tellDetached } from "./attend.ts";
import { programsBeside } from "./programs.ts";
import { currentRoot } from "./run-facts.ts";
import { say } from "./terminal.ts";

interface ResumeOptions {
  readonly detach?: true;
  readonly json?: true;
}

/** `taskscope resume RUN`: lets a run that ended early go on from its last checkpoint. */
export function registerResume(program: Command): void {
  program
    .command("resume")
    .description("Go on with a run that was stopped, failed or crashed, from its last checkpoint.")
    .argument("<run>", "id of the run, the beginning of it, or its folder")
    .option("--detach", "start the run and return")
    .option("--json", "print JSON")
    .action(resume);
}

async function resume(asked: string, options: ResumeOptions): Promise<void> {
  const folder = findRun(currentRoot(), asked);
  const id = basename(folder);
  const { trainer, execPath } = programsBeside();
  const { pid, step } = await resumeRun(folder, { entry: trainer, execPath });
  say(`Going on from the checkpoint of step ${step}.`);
  if (options.detach) return tellDetached({ id, folder }, pid, options);
  await attend({ id, folder }, options);
}
