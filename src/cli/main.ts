#!/usr/bin/env node
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { constants } from "node:os";
import { dirname, join } from "node:path";

/**
 * The `taskscope` command. This first file runs on any Node: where the one it was started with lacks SQLite, the command
 * is run again with the Node of the nearest `node_modules`; everything else is loaded only after that.
 */
async function main(): Promise<void> {
  if (hasSqlite()) {
    const { runProgram } = await import("./program.ts");
    await runProgram(process.argv);
    return;
  }
  const node = nearestNode(import.meta.dirname);
  if (node === undefined || process.env[again] !== undefined) {
    process.stderr.write(`taskscope needs Node 22.13 or newer; this is Node ${process.versions.node}.\n`);
    process.exitCode = 2;
    return;
  }
  runWith(node);
}

/** Set for the second attempt, so that there is no third. */
const again = "TASKSCOPE_NODE_CHOSEN";

function hasSqlite(): boolean {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  return major > 22 || (major === 22 && minor >= 13);
}

function nearestNode(start: string): string | undefined {
  const name = process.platform === "win32" ? "node.exe" : "node";
  for (let folder = start; ; folder = dirname(folder)) {
    const candidate = join(folder, "node_modules", "node", "bin", name);
    if (existsSync(candidate)) return candidate;
    if (dirname(folder) === folder) return undefined;
  }
}

function runWith(node: string): void {
  const child = spawn(node, process.argv.slice(1), { stdio: "inherit", env: { ...process.env, [again]: node } });
  // The terminal sends its signals to both; the child decides what they mean.
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => signal === "SIGTERM" && child.kill(signal));
  child.on("error", (error) => {
    process.stderr.write(`${node} could not be started: ${error.message}\n`);
    process.exitCode = 2;
  });
  child.on("exit", (code, signal) => {
    process.exitCode = code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
  });
}

void main();
