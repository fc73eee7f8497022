import { type ChildProcess, spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RunSummary } from "../../../src/runs/contract.ts";
import { RunRegistry } from "../../../src/runs/registry.ts";
import { stopNow } from "../../../src/runs/process/stop.ts";
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

/** A workspace with the examples in it, in which the real command is run; its runs end with the test. */
export class ExampleWorkspace {
  readonly root = mkdtempSync(join(tmpdir(), "taskscope-process-"));

  constructor() {
    cpSync(join(repository, "examples"), join(this.root, "examples"), { recursive: true });
    mkdirSync(join(this.root, ".taskscope"));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { folder } of new RunRegistry().list(this.root)) await stopNow(folder).catch(() => undefined);
    rmSync(this.root, { recursive: true, force: true, maxRetries: 5 });
  }

  start(...args: readonly string[]): { readonly child: ChildProcess; readonly ended: Promise<Outcome> } {
    const child = spawn(process.execPath, [cli, ...args], { cwd: this.root, stdio: ["ignore", "pipe", "pipe"] });
    let [stdout, stderr] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    const ended = new Promise<Outcome>((resolve, reject) => {
      child.on("error", reject);
      child.on("close", (code) => resolve({ code, stdout, stderr }));
    });
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
