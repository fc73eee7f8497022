import type { Command } from "commander";
import { join, relative } from "node:path";
import { formatDuration } from "../analysis/format.ts";
import { rootsBelow } from "../runs/elsewhere.ts";
import { RunRegistry } from "../runs/registry.ts";
import { currentRoot, type ListedRun, listedRun } from "./run-facts.ts";
import { print, printJson, say, table, toned, type Tone } from "./terminal.ts";

/** `taskscope list`: the runs of this workspace, newest first. */
export function registerList(program: Command): void {
  program
    .command("list")
    .alias("ls")
    .description("List the runs of this workspace, newest first.")
    .option("--json", "print JSON")
    .action(async ({ json }: { readonly json?: true }) => {
      const root = currentRoot();
      const runs = new RunRegistry().list(root).map((entry) => listedRun(entry));
      if (json) return printJson(runs);
      const others = elsewhereText(process.cwd());
      if (runs.length === 0) {
        say(`No runs in ${root} yet. "taskscope run FILE" makes one, in the workspace of its file.`);
        if (others !== undefined) say(others);
        return;
      }
      await print(table([["run", "status", "progress", "time"].map((head) => toned("dim", head)), ...runs.map(row)], "text"));
      if (others !== undefined) say(others);
      for (const { run, problem } of runs) if (problem !== undefined) say(`${run}: ${problem}`);
    });
}

/** Of runs that experiments in folders below keep beside themselves. */
export function elsewhereText(folder: string): string | undefined {
  const roots = rootsBelow(folder).map((root) => relative(folder, root));
  if (roots.length === 0) return undefined;
  const shown = `${roots.slice(0, 5).join(", ")}${roots.length > 5 ? ", …" : ""}`;
  return `There are more runs in ${shown}. Call "taskscope list" there, or name a run by its folder, such as ${join(roots[0] ?? "", ".taskscope", "runs", "…")}.`;
}

function row({ run, status, progress, seconds }: ListedRun): string[] {
  return [run, toned(toneOf(status), status), progress === null ? "–" : `${Math.round(100 * progress)} %`, formatDuration(seconds)];
}

export function toneOf(status: string): Tone {
  if (status === "completed") return "green";
  return status === "failed" || status === "crashed" || status === "unreadable" ? "red" : "yellow";
}
