import { existsSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";

/**
 * Moves a folder to the system's trash where there is one on the same disk (Linux: the home trash of the desktop; macOS), else
 * to `.taskscope/trash` beside the runs. Nothing is erased. Gives the new place.
 */
export function moveToTrash(folder: string): string {
  return toHomeTrash(folder) ?? toMacTrash(folder) ?? moved(folder, join(dirname(dirname(folder)), "trash"));
}

/** After the freedesktop.org trash specification 1.0. */
function toHomeTrash(folder: string): string | undefined {
  if (process.platform !== "linux") return undefined;
  const trash = join(process.env["XDG_DATA_HOME"] ?? join(homedir(), ".local", "share"), "Trash");
  // A machine without a desktop has none; making one there would hide the folder for good.
  if (!existsSync(trash)) return undefined;
  const place = movedIfSameDisk(folder, join(trash, "files"));
  if (place === undefined) return undefined;
  const path = resolve(folder).split("/").map(encodeURIComponent).join("/");
  const date = new Date().toISOString().slice(0, 19);
  mkdirSync(join(trash, "info"), { recursive: true, mode: 0o700 });
  writeFileSync(join(trash, "info", `${basename(place)}.trashinfo`), `[Trash Info]\nPath=${path}\nDeletionDate=${date}\n`);
  return place;
}

function toMacTrash(folder: string): string | undefined {
  const trash = join(homedir(), ".Trash");
  return process.platform === "darwin" && existsSync(trash) ? movedIfSameDisk(folder, trash) : undefined;
}

function movedIfSameDisk(folder: string, into: string): string | undefined {
  try {
    return moved(folder, into);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    // Another disk, or a trash that this process may not use (macOS asks the user for some programs).
    if (code === "EXDEV" || code === "EPERM" || code === "EACCES") return undefined;
    throw error;
  }
}

function moved(folder: string, into: string): string {
  mkdirSync(into, { recursive: true, mode: 0o700 });
  let place = join(into, basename(folder));
  for (let copy = 2; existsSync(place); copy++) place = join(into, `${basename(folder)}-${copy}`);
  renameSync(folder, place);
  return place;
}
