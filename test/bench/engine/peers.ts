import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { UsageError } from "../command-line.ts";
import type { Case } from "./case.ts";
import { linesOfProcess, type CaseLine } from "./worker.ts";

/** Python libraries that train the same problems. */
export interface Peers {
  readonly versions: Readonly<Record<string, string>>;
  /** A line for each of their engines that has the method, on as many threads; measured in turns, in one process. */
  measure(each: Case, seconds: number): readonly CaseLine[];
}

const script = join(import.meta.dirname, "../peers/peers.py");

/** Throws where the interpreter does not start or lacks a library: the script says what to install. */
export function peersAt(python: string, libmtl: string | undefined): Peers {
  const where = libmtl === undefined ? [] : ["--libmtl", libmtl];
  const { stdout, stderr, status, error } = spawnSync(python, [script, "--versions", ...where], {
    encoding: "utf8",
    stdio: "pipe",
  });
  if (error !== undefined) throw new UsageError(`--peers: "${python}" cannot be started: ${error.message}`);
  if (status !== 0) throw new UsageError(`--peers: ${stderr.trim()}`);
  return {
    versions: JSON.parse(stdout) as Record<string, string>,
    measure: ({ problem, method, threads }, seconds) =>
      linesOfProcess(python, [script, "--case", [problem, method, threads].join(":"), "--seconds", String(seconds), ...where]),
  };
}
