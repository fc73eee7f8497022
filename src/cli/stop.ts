import type { Command } from "commander";
import { findRun, readEntry } from "../runs/registry.ts";
import { requestStop, stopNow, waitForEnd } from "../runs/process/stop.ts";
import { exitCode } from "./exit.ts";
import { currentRoot, listedRun } from "./run-facts.ts";
import { printJson, say } from "./terminal.ts";

interface StopOptions {
  readonly now?: true;
  readonly json?: true;
}

/** `taskscope stop RUN`: ends a run after its step, or at once. */
export function registerStop(program: Command): void {
  program
    .command("stop")
    .description("End a run after its step, with a checkpoint; waits for it.")
    .argument("<run>", "id of the run, the beginning of it, or its folder")
    .option("--now", "end the process at once, without a checkpoint")
    .option("--json", "print JSON")
    .action(stop);
}

async function stop(asked: string, { now, json }: StopOptions): Promise<void> {
  const folder = findRun(currentRoot(), asked);
  const stopped = now ? await stopNow(folder) : requestStop(folder);
  if (!stopped) say("The run had already ended.");
  else if (!now) {
    say("Asked the run to end after its step. --now ends it at once.");
    await waitForEnd(folder, Infinity);
  }
  const entry = readEntry(folder);
  const { run, status } = listedRun(entry);
  if (json) await printJson(listedRun(entry));
  else say(`${run} is ${status}.`);
  if (status === "crashed" && stopped) process.exitCode = exitCode.failed;
}
