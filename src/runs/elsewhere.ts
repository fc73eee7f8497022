import { type Dirent, existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { runsFolderOf } from "./run-folder.ts";

/** Folders that are looked into, and how deep they may lie: enough for a workspace of experiments, little for a home folder. */
const most = { folders: 500, depth: 3 } as const;

/** Folders below this one that keep runs of their own: an experiment in a folder outside of any workspace keeps its runs there. */
export function rootsBelow(folder: string): readonly string[] {
  const found: string[] = [];
  let looked = 0;
  let level = [folder];
  for (let depth = 0; depth < most.depth; depth++) {
    const next: string[] = [];
    for (const each of level) {
      if (++looked > most.folders) return found;
      for (const entry of foldersIn(each)) {
        const below = join(each, entry.name);
        if (existsSync(runsFolderOf(below))) found.push(below);
        else next.push(below);
      }
    }
    level = next;
  }
  return found;
}

function foldersIn(folder: string): readonly Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).filter(
      (entry) => entry.isDirectory() && !entry.name.startsWith(".") && entry.name !== "node_modules",
    );
  } catch {
    // What may not be looked into is no place of this person's runs.
    return [];
  }
}
