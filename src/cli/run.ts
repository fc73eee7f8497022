import { type Command, InvalidArgumentError, Option } from "commander";
import { formatDuration } from "../analysis/format.ts";
import { applyOverrides, type Override } from "../experiment/overrides.ts";
import { parseExperiment } from "../experiment/parse.ts";
import type { Experiment } from "../experiment/schema.ts";
import type { RunSummary } from "../runs/contract.ts";
import { startTrainer } from "../runs/process/start-trainer.ts";
import { requestStop, stopNow } from "../runs/process/stop.ts";
import { createRun, type CreatedRun, findRoot } from "../runs/run-folder.ts";
import { asLine, checkExperiment, isError, openInspector } from "./check.ts";
import { CommandError, exitCode } from "./exit.ts";
import { type ExperimentText, readExperimentFile } from "./experiment-text.ts";
import { follow } from "./follow.ts";
import { programsBeside } from "./programs.ts";
import { openProgress, type Progress } from "./progress.ts";
import { outcomeOf, secondsOf } from "./run-facts.ts";
import { resultText } from "./show.ts";
import { print, printJson, say, toned } from "./terminal.ts";
import { toneOf } from "./list.ts";
import { version } from "./version.ts";

interface RunOptions {
  readonly set: readonly string[];
  readonly seed?: number;
  readonly backend?: string;
  readonly detach?: true;
  readonly json?: true;
}

/** `taskscope run FILE`: trains, and shows how it goes. */
export function registerRun(program: Command): void {
  program
    .command("run")
    .description("Train an experiment; Ctrl-C ends it after its step.")
    .argument("<file>", "experiment file (*.mtl.yaml)")
    .option(
      "--set <path=value>",
      "override a value, e.g. training.epochs=5; may be given again",
      (one: string, all: readonly string[]) => [...all, one],
      [],
    )
    .option("--seed <n>", "seed of initial weights, batch order and every other random draw", wholeNumber)
    .addOption(new Option("--backend <name>", "what computes").choices(["auto", "wasm", "native"]))
    .option("--detach", "start the run and return")
    .option("--json", "print JSON")
    .action(run);
}

async function run(file: string, options: RunOptions): Promise<void> {
  const given = await readExperimentFile(file);
  const overrides = overridesOf(options);
  const order = overridden(given, overrides);
  const experiment = await checked(order);
  const created = await createRun(findRoot(given.path), {
    experimentFile: given.path,
    config: order.text,
    name: experiment.name,
    balancer: typeof experiment.balancer === "string" ? experiment.balancer : experiment.balancer.method,
    seed: experiment.training.seed,
    overrides: overrides.map(({ path, value }) => `${path}=${value}`),
    version,
  });
  const { trainer, execPath } = programsBeside();
  const { pid } = await startTrainer(created.folder, { entry: trainer, execPath });
  if (options.detach) return tellDetached(created, pid, options);
  await attend(created, options);
}

function overridesOf({ set, seed, backend }: RunOptions): Override[] {
  const overrides = set.map(asOverride);
  if (seed !== undefined) overrides.push({ path: "training.seed", value: String(seed) });
  if (backend !== undefined) overrides.push({ path: "training.backend", value: backend });
  return overrides;
}

function asOverride(text: string): Override {
  const [, path, value] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
  if (path === undefined || value === undefined)
    throw new CommandError(`--set ${text}: write it as path=value, e.g. --set training.epochs=5.`);
  return { path: path.trim(), value };
}

/** The experiment with the overrides in it. A file that has errors already is left to its check, which tells all of them. */
function overridden(given: ExperimentText, overrides: readonly Override[]): ExperimentText {
  if (overrides.length === 0 || parseExperiment(given.text).experiment === undefined) return given;
  const { text, problems } = applyOverrides(given.text, overrides);
  if (problems.length > 0) throw new CommandError(problems.map(({ message }) => `--set: ${message}`).join("\n"));
  return { ...given, text };
}

/** The checked experiment. Its findings are said; errors end the command. */
async function checked(order: ExperimentText): Promise<Experiment> {
  const inspector = openInspector();
  try {
    const { parsed, diagnostics } = await checkExperiment(order, inspector);
    for (const diagnostic of diagnostics) process.stderr.write(asLine(order.name, diagnostic, process.stderr));
    if (parsed.experiment === undefined || diagnostics.some(isError)) {
      throw new CommandError(`${order.name} has errors and was not run.`);
    }
    return parsed.experiment;
  } finally {
    inspector.dispose();
  }
}

async function tellDetached({ id, folder }: CreatedRun, pid: number, { json }: RunOptions): Promise<void> {
  if (json) return printJson({ run: id, pid, folder });
  await print(`${id}\n`);
  say(`Training in process ${pid}. "taskscope show ${id}" tells how it goes, "taskscope stop ${id}" ends it.`);
}

async function attend({ id, folder }: CreatedRun, { json }: RunOptions): Promise<void> {
  const progress = openProgress();
  progress.note(`${toned("dim", "run", process.stderr)} ${id}`);
  const release = stopOnInterrupt(folder, progress);
  try {
    const ended = await follow(folder, progress);
    progress.end();
    await (json ? printJson(outcomeOf(ended)) : print(endText(ended)));
    process.exitCode = codeOf(ended);
  } finally {
    release();
  }
}

/** The first Ctrl-C asks the trainer to end after its step, the second ends it at once. */
function stopOnInterrupt(folder: string, progress: Progress): () => void {
  let asked = false;
  const interrupt = (): void => {
    if (asked) {
      progress.note("Ending the trainer at once.");
      stopNow(folder).catch(complain);
      return;
    }
    asked = true;
    progress.note("Ending after this step. Ctrl-C again ends the trainer at once.");
    try {
      requestStop(folder);
    } catch (error) {
      complain(error);
    }
  };
  const complain = (error: unknown): void =>
    progress.note(`The run could not be stopped: ${error instanceof Error ? error.message : String(error)}`);
  const signals = ["SIGINT", "SIGTERM"] as const;
  for (const signal of signals) process.on(signal, interrupt);
  return () => {
    for (const signal of signals) process.off(signal, interrupt);
  };
}

function endText(run: RunSummary): string {
  const where = run.description === null ? "" : ` on ${run.description.backend}`;
  const head = `${run.id} ${toned(toneOf(run.status), run.status)} after ${timeOf(run)}${where}, seed ${run.seed}\n`;
  return head + (run.reason === null ? "" : `${run.reason}\n`) + resultText(run);
}

function timeOf(run: RunSummary): string {
  const seconds = secondsOf(run, Date.now());
  return seconds < 60 ? `${seconds.toFixed(1)} s` : formatDuration(seconds);
}

function codeOf({ status }: RunSummary): number {
  if (status === "completed") return exitCode.done;
  return status === "stopped" ? exitCode.stopped : exitCode.failed;
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value)) throw new InvalidArgumentError("It must be a whole number from 0 on.");
  return value;
}
