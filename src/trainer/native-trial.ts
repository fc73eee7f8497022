import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { tryBackend } from "../runs/process/try-backend.ts";
import { nativeSignature } from "../training/backend/native.ts";

/**
 * Why the native backend must not be loaded into this process; undefined where it may. A library that was copied in part or made for another machine
 * ends the process that loads it, so a process of its own tries it first. What was tried once is known beside the runs until a file of it changes.
 */
export async function whyNotNative(entry: string, runFolder: string, workspaceFolder: string): Promise<string | undefined> {
  const signature = nativeSignature(workspaceFolder);
  // Where there is none, that is told without a trial.
  if (signature === undefined) return undefined;
  const home = dirname(dirname(runFolder));
  const proof = join(home, "native-works");
  if (existsSync(proof) && readFileSync(proof, "utf8") === signature) return undefined;
  const report = await tryBackend("native", { entry, execPath: process.execPath }, workspaceFolder);
  if (!report.works) return report.reason;
  if (basename(home) === ".taskscope") writeFileSync(proof, signature);
  return undefined;
}
