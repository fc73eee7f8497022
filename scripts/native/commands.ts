import { spawnSync } from "node:child_process";

/** What a command said is shown only where it failed. */
export interface Ended {
  readonly ok: boolean;
  /** The last lines of its output. */
  readonly said: string;
}

export function runCommand(command: string, args: readonly string[], cwd: string): Ended {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd,
    stdio: ["ignore", "pipe", "pipe"],
    encoding: "utf8",
    maxBuffer: 1e8,
  });
  if (error !== undefined) return { ok: false, said: error.message };
  return { ok: status === 0, said: `${stdout}${stderr}`.trimEnd().split("\n").slice(-8).join("\n") };
}

export function isThere(command: string, ...args: readonly string[]): boolean {
  return runCommand(command, args, process.cwd()).ok;
}
