import { readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { parseExperiment } from "../experiment/parse.ts";
import type { Experiment } from "../experiment/schema.ts";
import { runFiles } from "../runs/contract.ts";
import { identityOf } from "../runs/process/process-identity.ts";
import { noteEnded } from "../runs/store/outside-writes.ts";
import { RunReader } from "../runs/store/run-reader.ts";
import type { Ending } from "../runs/store/run-writer.ts";
import { RunStoreError } from "../runs/store/store-error.ts";
import { type BackendOptions, startBackend, type StartedBackend } from "../training/backend/backend.ts";
import { StrayErrors } from "../training/stray-errors.ts";
import { train } from "../training/train.ts";
import { whyNotNative } from "./native-trial.ts";
import { Recording, RecordingError } from "./recording.ts";
import { wasmBeside } from "./wasm-beside.ts";

export const trainerExit = { done: 0, failed: 1, usage: 2 } as const;

/** Thrown where a run cannot be trained, with a message for people. */
class RunError extends Error {
  override readonly name = "RunError";
}

/**
 * The life of one run, from its folder to its terminal row. `entry` is the program's own file; `resumeAt` the step
 * of the checkpoint that it goes on from. Resolves with the exit code;
 * whatever goes wrong is in the run's row with a reason for people, and in the log with its stack.
 */
export async function runTrainer(entry: string, folder: string, resumeAt: number | null): Promise<number> {
  process.title = `taskscope ${basename(folder)}`;
  // The terminal it was started from may close.
  process.on("SIGHUP", () => undefined);
  let recording: Recording;
  try {
    recording = await openRecording(entry, folder, resumeAt);
  } catch (error) {
    log(error instanceof RunStoreError || error instanceof RecordingError ? error.message : stackOf(error));
    await noteNeverBegun(folder, error);
    return trainerExit.failed;
  }
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.on(signal, () => {
      log(`${signal}: ending after this step.`);
      recording.requestStop();
    });
  }
  // What nobody caught ends the run too, and is told like everything else.
  const strays = new StrayErrors();
  const ending = await Promise.race([trainOnce(entry, folder, recording, resumeAt, strays), strays.late.catch(failed)]);
  return finish(folder, recording, ending);
}

async function openRecording(entry: string, folder: string, resumeAt: number | null): Promise<Recording> {
  const owner = identityOf(process.pid);
  if (owner === undefined) throw new RecordingError("This system does not tell when this process started.");
  log(`Process ${process.pid}, Node ${process.versions.node}, ${folder}`);
  return Recording.start({ entry, folder, owner, resumeAt, log });
}

/** Nobody records it, so the row is written from here: only where the run is still this trainer's, for it may have another one. */
async function noteNeverBegun(folder: string, problem: unknown): Promise<void> {
  try {
    const owner = ownerOf(folder);
    if (owner === undefined || owner === process.pid) await noteEnded(folder, "failed", reasonOf(problem));
  } catch (error) {
    // Readers see by its process that it has ended.
    log(stackOf(error));
  }
}

function ownerOf(folder: string): number | undefined {
  using reader = RunReader.open(folder);
  return reader.row().owner?.pid;
}

async function trainOnce(
  entry: string,
  folder: string,
  recording: Recording,
  resumeAt: number | null,
  strays: StrayErrors,
): Promise<Ending> {
  try {
    const experimentFile = experimentFileOf(folder);
    const experiment = readExperiment(folder);
    const baseFolder = dirname(experimentFile);
    const refused = experiment.training.backend === "wasm" ? undefined : await whyNotNative(entry, folder, baseFolder);
    const { threads, compile } = experiment.training;
    const backend: BackendOptions = { ...wasmBeside(entry), workspaceFolder: baseFolder, threads, compile, refused };
    // The training starts it too, and reports what there is to report; here its version is noted.
    const before = versionsOf(folder);
    const versions = engineVersions(await startBackend(experiment.training.backend, backend));
    recording.versions(versions);
    if (resumeAt !== null) tellChange(recording, resumeAt, engineOf(before), engineOf(versions));
    log(
      Object.entries(versions)
        .map(([name, version]) => `${name}: ${version}`)
        .join(", "),
    );
    const checkpointFolder = join(folder, runFiles.checkpoints);
    const request = { experiment, baseFolder, checkpointFolder, backend, strays };
    const resumed = resumeAt === null ? {} : { resumeFrom: join(checkpointFolder, `step-${resumeAt}`) };
    const { kind, result } = await train({ ...request, ...resumed }, recording, recording);
    return { status: kind, reason: kind === "stopped" ? "Stopped on request." : null, result };
  } catch (error) {
    return failed(error);
  }
}

/** What decides about a run's last bits besides the experiment. */
function engineVersions({ name, version, tensorflow, threads }: StartedBackend): Versions {
  return { backend: `${name} ${version}${tensorflow === undefined ? "" : ` with TensorFlow ${tensorflow}`}`, threads: String(threads) };
}

type Versions = Readonly<Record<string, string>>;

function engineOf({ backend = "another backend", threads = "1" }: Versions): string {
  return `${backend} (${threads} ${threads === "1" ? "thread" : "threads"})`;
}

function tellChange(recording: Recording, step: number, before: string, now: string): void {
  if (before === now) return;
  const message = `Until step ${step} this run was trained by ${before}, from here on by ${now}. It no longer repeats to the bit.`;
  recording.event({ kind: "warning", step, at: Date.now(), message });
}

async function finish(folder: string, recording: Recording, ending: Ending): Promise<number> {
  const outcome: Ending = recording.failure === undefined ? ending : { ...ending, status: "failed", reason: recording.failure };
  log(`Run ${outcome.status}${outcome.reason === null ? "." : `: ${outcome.reason}`}`);
  try {
    await recording.end(outcome);
  } catch (error) {
    log(`The run's last row could not be written: ${stackOf(error)}`);
    await endWithoutRecording(folder, error);
    return trainerExit.failed;
  }
  return outcome.status === "failed" ? trainerExit.failed : trainerExit.done;
}

/** Where the store's thread is gone its lock is too, and this one may write the row. */
async function endWithoutRecording(folder: string, problem: unknown): Promise<void> {
  try {
    await noteEnded(folder, "failed", reasonOf(problem));
  } catch (error) {
    // Readers see by its process that it has ended.
    log(stackOf(error));
  }
}

function failed(error: unknown): Ending {
  log(stackOf(error));
  return { status: "failed", reason: reasonOf(error), result: null };
}

/** For people: no stack. Errors of our own rooms have a name that ends in `Error` and a message made for people. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return `Unexpected: ${String(error)}`;
  if ("code" in error && error.code === "ENOSPC")
    return "The disk is full. What was recorded before is kept; free some space and run again.";
  const unexpectedKind = ["Error", "TypeError", "ReferenceError", "RangeError", "SyntaxError"].includes(error.name);
  return unexpectedKind ? `Unexpected problem in the trainer: ${error.message}. Its trainer.log has the details.` : error.message;
}

function experimentFileOf(folder: string): string {
  using reader = RunReader.open(folder);
  return reader.row().experimentFile;
}

function versionsOf(folder: string): Versions {
  using reader = RunReader.open(folder);
  return reader.row().versions;
}

function readExperiment(folder: string): Experiment {
  const { experiment, diagnostics } = parseExperiment(readFileSync(join(folder, runFiles.config), "utf8"));
  if (experiment !== undefined) return experiment;
  const first = diagnostics.find(({ severity }) => severity === "error");
  const where = first === undefined ? "" : ` Line ${first.range.start.line + 1}: ${first.message}`;
  throw new RunError(`The experiment has errors.${where}`);
}

function log(text: string): void {
  process.stderr.write(`${new Date().toISOString()} ${text}\n`);
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
