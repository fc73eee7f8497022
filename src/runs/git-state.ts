import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { RunSummary } from "./contract.ts";

const run = promisify(execFile);

/** Longer than this nobody waits for a run to begin; a huge repository then goes without its state. */
const patienceMs = 3_000;

/** Commit and dirtiness of the repository that a folder is in; null where there is no git, no repository or no commit. */
export async function gitState(folder: string): Promise<RunSummary["git"]> {
  try {
    const commit = (await git(folder, "rev-parse", "HEAD")).trim();
    const changes = await git(folder, "status", "--porcelain", "--untracked-files=no");
    return { commit, dirty: changes.trim() !== "" };
  } catch {
    // No git, no repository, no commit yet, or no answer in time: a run does not depend on any of them.
    return null;
  }
}

async function git(folder: string, ...args: readonly string[]): Promise<string> {
  // Without optional locks a status in the background never disturbs the user's own git.
  const environment = { ...process.env, GIT_OPTIONAL_LOCKS: "0" };
  const { stdout } = await run("git", args, { cwd: folder, timeout: patienceMs, windowsHide: true, env: environment });
  return stdout;
}
