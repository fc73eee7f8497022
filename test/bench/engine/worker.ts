import { spawnSync } from "node:child_process";
import { BackendError } from "../../../src/training/backend/backend-error.ts";
import { startBackend } from "../../../src/training/backend/backend.ts";
import { measure, type Figures, type Measurement } from "./measure.ts";

/** The line of a case that was measured, or that says why it was not. */
export type CaseLine = CaseFacts & (({ readonly error?: never } & Figures) | { readonly error: string });

export interface CaseFacts {
  readonly problem: string;
  readonly threads: number;
  /** `taskscope native`, `taskscope wasm`. */
  readonly engine: string;
  readonly method: string;
  /** What must be known to compare it with others. */
  readonly note?: string;
}

/** Measures in this process, once and for all: backends and their threads cannot be changed. */
export async function lineOf(facts: Omit<CaseFacts, "engine">, measurement: Measurement): Promise<CaseLine> {
  const { backend, compile } = measurement;
  const line = { ...facts, engine: `taskscope ${backend}` };
  try {
    const started = await startBackend(backend, { workspaceFolder: process.cwd(), threads: facts.threads, compile });
    if (started.threads !== facts.threads) {
      return { ...line, error: `Not measured: the ${backend} backend computes on ${started.threads} thread, and not on ${facts.threads}.` };
    }
  } catch (error) {
    if (!(error instanceof BackendError)) throw error;
    return { ...line, error: error.message };
  }
  return { ...line, ...(await measure(measurement)) };
}

/** What a process of its own prints, which was started with these arguments: a line for each case. */
export function linesOfProcess(command: string, args: readonly string[]): readonly CaseLine[] {
  const { stdout, status, error } = spawnSync(command, args, { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"], maxBuffer: 1e8 });
  if (error !== undefined) throw new Error(`"${command}" cannot be started: ${error.message}`);
  if (status !== 0) throw new Error(`"${[command, ...args].join(" ")}" failed; what it says stands above.`);
  return stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as CaseLine);
}
