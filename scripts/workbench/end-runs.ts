import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { z } from "zod";

const command = join(import.meta.dirname, "../../dist/cli.cjs");
const listShape = z.array(z.object({ run: z.string(), status: z.string() }));
const atWork = ["queued", "starting", "running", "stopping"];

/** Ends every run that still trains in a folder: trainers outlive the window and the test that started them. */
export async function endRuns(folder: string): Promise<void> {
  if (!existsSync(join(folder, ".taskscope/runs")) || !existsSync(command)) return;
  const { stdout } = await execa(process.execPath, [command, "list", "--json"], { cwd: folder });
  for (const run of runsAtWork(stdout)) await execa(process.execPath, [command, "stop", run, "--now"], { cwd: folder, reject: false });
}

/** The same, should this process end before it could end them; answers a way to take that back. */
export function endRunsAtExit(folder: string): () => void {
  const end = (): void => {
    if (!existsSync(join(folder, ".taskscope/runs")) || !existsSync(command)) return;
    const { stdout } = spawnSync(process.execPath, [command, "list", "--json"], { cwd: folder, encoding: "utf8" });
    for (const run of runsAtWork(stdout)) spawnSync(process.execPath, [command, "stop", run, "--now"], { cwd: folder });
  };
  process.once("exit", end);
  return () => process.off("exit", end);
}

function runsAtWork(list: string): string[] {
  return listShape
    .parse(JSON.parse(list))
    .filter(({ status }) => atWork.includes(status))
    .map(({ run }) => run);
}
