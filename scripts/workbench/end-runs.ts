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
  for (const { run, status } of listShape.parse(JSON.parse(stdout))) {
    if (atWork.includes(status)) await execa(process.execPath, [command, "stop", run, "--now"], { cwd: folder, reject: false });
  }
}
