import { fork } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, extname, join, resolve } from "node:path";
import type { DataFacts, ExperimentFacts, FactProblem, ModelFacts } from "../experiment/facts.ts";
import type { Experiment } from "../experiment/schema.ts";
import type { DataInspection } from "../training/data/inspect.ts";
import { inspectModel } from "../training/model/inspect.ts";
import type { DataShape } from "../training/model/plan.ts";
import { type FromTrial, isFromTrial, type TrialQuestion } from "./trial-messages.ts";

/** Time for loading the user's code, and again for calling it. */
const limit = { ms: 10_000, text: "10 s" } as const;

/** An answer is asked for again after this time: the code may read files that nobody watches. */
const freshMs = 60_000;

/** Whether an experiment has code of the user's own. */
export function namesModules({ data, model }: Pick<Experiment, "data" | "model">): boolean {
  return "module" in data || "module" in model;
}

interface Answer {
  readonly facts: ExperimentFacts;
  /** The user's files that were run; none where they could not be. */
  readonly files: readonly string[];
  readonly versions: string;
  readonly at: number;
}

/** What a check says of experiments with the user's own code. The code runs in a process of its own, for a limited time. */
export class ModuleTrials {
  readonly #answers = new Map<string, Answer>();

  /** `fileData` inspects data that is no code. Where the workspace is not trusted, nothing is run. */
  async inspect(
    experiment: Experiment,
    baseFolder: string,
    trusted: boolean,
    fileData: () => Promise<DataInspection>,
  ): Promise<ExperimentFacts> {
    if (!trusted) return untrusted(experiment, fileData);
    const key = JSON.stringify([baseFolder, experiment.data, experiment.tasks, experiment.model, experiment.training.seed]);
    const known = this.#answers.get(key);
    if (known !== undefined && isFresh(known) && versionsOf(known.files) === known.versions) return known.facts;
    const { facts, files } = await inspectTrusted(experiment, baseFolder, fileData);
    for (const oldest of [...this.#answers.keys()].slice(0, Math.max(0, this.#answers.size - 9))) this.#answers.delete(oldest);
    this.#answers.set(key, { facts, files, versions: versionsOf(files), at: Date.now() });
    return facts;
  }
}

/** Code that took too long is not asked again before it is changed; code that could not be bundled at once, for a file may have come. */
function isFresh({ facts, files, at }: Answer): boolean {
  if (files.length === 0) return false;
  const tookTooLong = [...facts.data.problems, ...facts.model.problems].some(({ code }) => code === "MTL506");
  return tookTooLong || Date.now() - at < freshMs;
}

interface Found {
  readonly facts: ExperimentFacts;
  readonly files: readonly string[];
}

async function untrusted({ data, model }: Experiment, fileData: () => Promise<DataInspection>): Promise<ExperimentFacts> {
  const refused = (part: "data" | "model", module: string): FactProblem => ({
    path: [part, "module"],
    code: "MTL507",
    severity: "warning",
    message: `${module} is code of this workspace, which is not trusted, so it was not run. Trust the workspace to have it checked.`,
  });
  const ofData = "module" in data ? nothingKnown([refused("data", data.module)]) : (await fileData()).facts;
  return { data: ofData, model: { layers: [], problems: "module" in model ? [refused("model", model.module)] : [] } };
}

async function inspectTrusted(experiment: Experiment, baseFolder: string, fileData: () => Promise<DataInspection>): Promise<Found> {
  const ofFile = "module" in experiment.data ? undefined : await fileData();
  if (ofFile !== undefined && ofFile.shape === undefined) return { facts: { data: ofFile.facts, model: noModel([]) }, files: [] };
  const told = await runTrial(experiment, baseFolder, ofFile?.shape);
  const ofModel = told.problems.filter(({ path }) => path[0] === "model");
  const others = told.problems.filter(({ path }) => path[0] !== "model");
  const data = ofFile?.facts ?? { ...nothingKnown(others), rows: told.rows };
  return { facts: { data, model: modelFacts(experiment, told, ofModel) }, files: told.files };
}

function modelFacts(experiment: Experiment, { shape, shares }: Told, problems: readonly FactProblem[]): ModelFacts {
  if ("module" in experiment.model) return { ...noModel(problems), ...(shares === undefined ? {} : { shares }) };
  return shape === undefined ? noModel([]) : inspectModel(experiment, shape);
}

function noModel(problems: readonly FactProblem[]): ModelFacts {
  return { layers: [], problems };
}

function nothingKnown(problems: readonly FactProblem[]): DataFacts {
  return { columns: undefined, rows: undefined, problems };
}

interface Told {
  readonly problems: readonly FactProblem[];
  readonly rows: DataFacts["rows"];
  readonly shape: DataShape | undefined;
  readonly shares: boolean | undefined;
  readonly files: readonly string[];
}

/** Runs the trial's process to its end, or ends it. Throws where it went wrong by no fault of the user's. */
async function runTrial(experiment: Experiment, baseFolder: string, shape: DataShape | undefined): Promise<Told> {
  // Made by the trial's process, which is there to remove it when this one is ended.
  const keptFolder = join(tmpdir(), `taskscope-trial-${randomUUID()}`);
  const problems: FactProblem[] = [];
  const files: string[] = [];
  const known: { rows: DataFacts["rows"]; shape: DataShape | undefined; shares: boolean | undefined } = {
    rows: undefined,
    shape,
    shares: undefined,
  };
  try {
    await new Promise<void>((done, fail) => {
      const child = fork(trainerBeside(), ["--try-modules", keptFolder, String(process.pid)], {
        execArgv: [],
        serialization: "advanced",
        stdio: ["ignore", "inherit", "inherit", "ipc"],
      });
      let doing: Extract<FromTrial, { kind: "began" }> = {
        kind: "began",
        part: "module" in experiment.data ? "data" : "model",
        what: "load",
      };
      let timer: NodeJS.Timeout | undefined;
      const watch = (): void => {
        clearTimeout(timer);
        timer = setTimeout(() => {
          problems.push(tooLong(experiment, doing));
          child.kill("SIGKILL");
        }, limit.ms);
      };
      const hear = (message: FromTrial): void => {
        if (message.kind === "began") {
          doing = message;
          watch();
        } else if (message.kind === "data") Object.assign(known, { rows: message.rows, shape: message.shape });
        else if (message.kind === "network") known.shares = message.shares;
        else if (message.kind === "problem") problems.push(message.problem);
        else if (message.kind === "files") files.push(...message.paths);
        else if (message.kind === "failed") fail(new Error(message.message));
        else done();
      };
      child.on("message", (message: unknown) => {
        if (isFromTrial(message)) hear(message);
      });
      child.on("error", fail);
      child.on("exit", (code, signal) => {
        clearTimeout(timer);
        // The code may end its process, or use up all memory.
        if (problems.length === 0 && code !== 0) problems.push(ended(experiment, doing, signal ?? `exit code ${code ?? "unknown"}`));
        done();
      });
      watch();
      child.send({ experiment, baseFolder, shape } satisfies TrialQuestion);
    });
    return { ...known, problems, files: [...new Set(files)] };
  } finally {
    rmSync(keptFolder, { recursive: true, force: true });
  }
}

/** Endless where it is loaded or builds a network; reading data may well take longer than a check waits. */
function tooLong(experiment: Experiment, { part, what }: Extract<FromTrial, { kind: "began" }>): FactProblem {
  const file = moduleOf(experiment, part);
  const path = [part, "module"];
  if (part === "data" && what === "call") {
    const message = `The function of ${file} did not finish within ${limit.text} and was ended; a run waits for it. The rows and the network are looked at when the run begins.`;
    return { path, code: "MTL506", severity: "warning", message };
  }
  const how = what === "load" ? `${file} did not load` : `The function of ${file} did not finish`;
  return { path, code: "MTL506", message: `${how} within ${limit.text} and was ended. Is there an endless loop in it?` };
}

function ended(experiment: Experiment, { part }: Extract<FromTrial, { kind: "began" }>, how: string): FactProblem {
  const message = `${moduleOf(experiment, part)} ended its process (${how}). Does it call process.exit, or use up the memory?`;
  return { path: [part, "module"], code: "MTL504", message };
}

function moduleOf(experiment: Experiment, part: "data" | "model"): string {
  const form = experiment[part];
  return "module" in form ? form.module : part;
}

/** The trainer's program, which tries the code: beside this one, in the bundle or as sources. */
function trainerBeside(): string {
  const own = resolve(process.argv[1] ?? "");
  const bundled = join(dirname(own), `trainer${extname(own)}`);
  return existsSync(bundled) ? bundled : join(dirname(own), "main.ts");
}

function versionsOf(files: readonly string[]): string {
  return files
    .map((file) => {
      const found = statSync(file, { throwIfNoEntry: false });
      return found === undefined ? "" : `${found.mtimeMs} ${found.size}`;
    })
    .join("\n");
}
