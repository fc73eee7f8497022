import { type Command, InvalidArgumentError, Option } from "commander";
import { applyOverrides, type Override, overrideAt } from "../experiment/overrides.ts";
import { parseExperiment } from "../experiment/parse.ts";
import type { Experiment } from "../experiment/schema.ts";
import { startTrainer } from "../runs/process/start-trainer.ts";
import { createRun, findRoot } from "../runs/run-folder.ts";
import { attend, tellDetached } from "./attend.ts";
import { asLine, asRecord, asWords, checkExperiment, isError, openInspector } from "./check.ts";
import { CommandError } from "./exit.ts";
import { explainRun } from "./explain-step.ts";
import { type ExperimentText, readExperimentFile } from "./experiment-text.ts";
import { programsBeside } from "./programs.ts";
import { printJson, say } from "./terminal.ts";
import { version } from "./version.ts";

interface RunOptions {
  readonly set: readonly string[];
  readonly seed?: number;
  readonly backend?: string;
  readonly detach?: true;
  readonly json?: true;
  readonly explainStep?: true;
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
    .addOption(new Option("--explain-step", "train nothing: tell how a step is computed, and what takes its time").conflicts("detach"))
    .action(run);
}

async function run(file: string, options: RunOptions): Promise<void> {
  const given = await readExperimentFile(file);
  const overrides = overridesOf(options);
  const order = overridden(given, overrides);
  const experiment = await checked(order, overrides, options);
  if (options.explainStep) return explainRun(order, options);
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

/** The checked experiment. Its findings are said; errors end the command, with the one document that an explanation is in JSON. */
async function checked(order: ExperimentText, overrides: readonly Override[], { explainStep, json }: RunOptions): Promise<Experiment> {
  const inspector = openInspector();
  try {
    const { parsed, diagnostics } = await checkExperiment(order, inspector);
    const records: object[] = [];
    for (const diagnostic of diagnostics) {
      const override = parsed.tree === undefined ? undefined : overrideAt(diagnostic.range.start, parsed.tree, overrides);
      const set = override === undefined ? undefined : `${override.path}=${override.value}`;
      records.push(asRecord(diagnostic, set));
      // The file does not say what was put in.
      if (set === undefined) process.stderr.write(asLine(order.name, diagnostic, process.stderr));
      else say(`--set ${set}: ${asWords(diagnostic, process.stderr)}`);
    }
    if (parsed.experiment === undefined || diagnostics.some(isError)) {
      if (explainStep && json) await printJson({ file: order.name, diagnostics: records });
      throw new CommandError(`${order.name} has errors and was not run.`);
    }
    return parsed.experiment;
  } finally {
    inspector.dispose();
  }
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value)) throw new InvalidArgumentError("It must be a whole number from 0 on.");
  return value;
}
