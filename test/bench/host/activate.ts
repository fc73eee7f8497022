import { writeFileSync } from "node:fs";
import * as vscode from "vscode";

/** Called by a fresh extension host that has not activated Taskscope yet: activates it and writes the milliseconds that took. */
export async function run(): Promise<void> {
  const file = process.env["TASKSCOPE_ACTIVATION_FILE"];
  const extension = vscode.extensions.getExtension("taskscope.taskscope");
  if (file === undefined || extension === undefined) throw new Error("There is no Taskscope in this host, or no file for the result.");
  if (extension.isActive) throw new Error("Taskscope is active already: nothing is left to be measured.");
  const start = performance.now();
  const processor = process.cpuUsage();
  await extension.activate();
  const { user, system } = process.cpuUsage(processor);
  writeFileSync(file, JSON.stringify({ milliseconds: performance.now() - start, processorMilliseconds: (user + system) / 1000 }));
}
