import type { Command } from "commander";
import { discardRun, findRun } from "../runs/registry.ts";
import { currentRoot } from "./run-facts.ts";
import { say } from "./terminal.ts";

/** `taskscope delete RUN`: takes a run out of the list; its folder is moved, not erased. */
export function registerDelete(program: Command): void {
  program
    .command("delete")
    .alias("rm")
    .description("Move the folder of an ended run to the trash.")
    .argument("<run>", "id of the run, the beginning of it, or its folder")
    .action((asked: string) => say(`Moved to ${discardRun(findRun(currentRoot(), asked))}`));
}
