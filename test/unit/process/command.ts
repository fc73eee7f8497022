import { type ChildProcess, spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { RunSummary } from "../../../src/runs/contract.ts";
import { RunRegistry } from "../../../src/runs/registry.ts";
import { stopNow } from "../../../src/runs/process/stop.ts";
import { isLocked } from "../../../src/runs/store/patience.ts";
import { RunReader } from "../../../src/runs/store/run-reader.ts";

const repository = join(import.meta.dirname, "../../..");
export const cli = join(repository, "dist/cli.cjs");
export const trainer = join(repository, "dist/trainer.cjs");
if (!existsSync(cli) || !existsSync(trainer)) throw new Error(`${cli} is not built. Run "npm run build" first.`);

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A workspace with the examples in it, in which the real command is run; its commands and its runs end with the test. */
export class ExampleWorkspace {
  readonly root = mkdtempSync(join(tmpdir(), "taskscope-process-"));
  /** The command's program. */
  program = cli;
  readonly #commands = new Map<ChildProcess, Promise<unknown>>();
  #cleared: Promise<void> | undefined;

  constructor() {
    cpSync(join(repository, "examples"), join(this.root, "examples"), { recursive: true });
    mkdirSync(join(this.root, ".taskscope"));
    // A test that takes too long is given up where it waits, and never comes to the end of its block.
    onTestFinished(() => this[Symbol.asyncDispose]());
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#cleared ??= this.#clear();
    return this.#cleared;
  }

  async #clear(): Promise<void> {
    // First the commands: each may be about to start one more trainer.
    for (const [command, ended] of this.#commands) {
      command.kill("SIGKILL");
      await ended;
    }
    const problems: unknown[] = [];
    for (const entry of new RunRegistry().list(this.root)) {
      // A test may have damaged the store; its trainer is found by its folder, or notices that this is gone.
      if (entry.kind === "unreadable" && !entry.locked) continue;
      await endRun(entry.folder).catch((error: unknown) => problems.push(error));
    }
    for (const pid of processesBelow(this.root)) process.kill(pid, "SIGKILL");
    await until(
      "all processes are gone",
      () => processesBelow(this.root),
      ({ length }) => length === 0,
    );
    rmSync(this.root, { recursive: true, force: true, maxRetries: 5 });
    if (problems.length > 0)
      throw new AggregateError(problems, `Runs of ${this.root} could not be ended: ${problems.map(String).join("; ")}`);
  }

  start(...args: readonly string[]): { readonly child: ChildProcess; readonly ended: Promise<Outcome> } {
    const child = spawn(process.execPath, [this.program, ...args], { cwd: this.root, stdio: ["ignore", "pipe", "pipe"] });
    let [stdout, stderr] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    const ended = new Promise<Outcome>((resolve, reject) => {
      child.on("error", reject);
      child.on("close", (code) => resolve({ code, stdout, stderr }));
    });
    this.#commands.set(child, ended);
    void ended.finally(() => this.#commands.delete(child));
    return { child, ended };
  }

  taskscope(...args: readonly string[]): Promise<Outcome> {
    return this.start(...args).ended;
  }

  /** The only run of this workspace, as the real reader sees it. */
  get run(): RunSummary {
    const [entry, ...more] = new RunRegistry().list(this.root);
    if (entry?.kind !== "run" || more.length > 0) throw new Error(`there is not one readable run: ${JSON.stringify([entry, ...more])}`);
    return entry.summary;
  }

  reader(): RunReader {
    return RunReader.open(this.run.folder);
  }

  /** Starts a run that would take for ever, and waits until it trains. */
  async endless(): Promise<RunSummary> {
    const { code, stderr } = await this.taskscope(
      "run",
      "examples/penguins.mtl.yaml",
      "--set",
      "training.epochs=1000000",
      "--backend",
      "wasm",
      "--detach",
    );
    if (code !== 0) throw new Error(stderr);
    return until(
      "it trains",
      () => this.run,
      ({ status, step }) => status === "running" && step > 0,
    );
  }
}

/** Tells a lock, which ends, from what is wrong. */
async function endRun(folder: string): Promise<void> {
  for (const until = Date.now() + 10_000; ;) {
    try {
      await stopNow(folder);
      return;
    } catch (error) {
      if (!isLocked(error) || Date.now() > until) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Trainers work in the folder of their run. Only Linux tells the working folder of others without a tool. */
function processesBelow(root: string): number[] {
  if (process.platform !== "linux") return [];
  return readdirSync("/proc")
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && workingFolder(pid)?.startsWith(`${root}/`) === true);
}

function workingFolder(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    // It has ended, or is another user's.
    return undefined;
  }
}

/** Waits for a condition, looking often; fails after half a minute with what was there instead. */
export async function until<T>(what: string, look: () => T, good: (value: T) => boolean, patienceMs = 30_000): Promise<T> {
  const end = Date.now() + patienceMs;
  for (;;) {
    const value = look();
    if (good(value)) return value;
    if (Date.now() > end) throw new Error(`Waited ${patienceMs} ms until ${what}. There is ${JSON.stringify(value)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

export function jsonLine(text: string): unknown {
  return JSON.parse(text.trimEnd().split("\n").at(-1) ?? "");
}
