import type { Command } from "commander";
import { existsSync } from "node:fs";
import { join, relative } from "node:path";
import { writeUserTypes } from "../runs/user-types.ts";
import { print } from "./terminal.ts";

/** `taskscope types [FOLDER]`: what an editor needs for data and model modules. */
export function registerTypes(program: Command): void {
  program
    .command("types")
    .description("Write the types that editors need for data and model modules of your own, beside them.")
    .argument("[folder]", "folder of the experiment", ".")
    .action(async (folder: string) => {
      for (const file of writeUserTypes(folder, apiFile())) await print(`${relative(process.cwd(), file)}\n`);
    });
}

/** In the package, beside the bundle's folder or above the sources. */
function apiFile(): string {
  const beside = join(import.meta.dirname, "../api/taskscope.d.ts");
  return existsSync(beside) ? beside : join(import.meta.dirname, "../../api/taskscope.d.ts");
}
