import type { ExperimentFacts } from "../experiment/facts.ts";
import { experimentSchema } from "../experiment/schema.ts";
import type { Experiment } from "../experiment/schema.ts";
import { inspectData } from "../training/data/inspect.ts";
import { PrefixCache } from "../training/data/tables/prefix.ts";
import { inspectModel } from "../training/model/inspect.ts";
import { ModuleTrials, namesModules } from "./module-trials.ts";

/**
 * The inspector process: answers `{id, experiment, baseFolder, trusted}` with `{id, facts}`, or `{id, error}` when it cannot even try.
 * It reads data and plans models with the trainer's own code, but trains nothing and starts no backend. Started by
 * `runs/inspector.ts`; ends itself after a minute without a question and when its parent is gone.
 */

const idleLimit = 60_000;

const tables = new PrefixCache();
const trials = new ModuleTrials();
let last: Promise<void> = Promise.resolve();
let unanswered = 0;
let idle = setTimeout(leave, idleLimit);

process.on("disconnect", () => process.exit(0));
process.on("message", (message: unknown) => {
  clearTimeout(idle);
  unanswered += 1;
  // One after the other: a question may hold hundreds of megabytes while it is answered.
  last = last.then(async () => {
    await answer(message);
    unanswered -= 1;
    if (unanswered === 0) idle = setTimeout(leave, idleLimit);
  });
});

function leave(): void {
  process.disconnect();
}

async function answer(message: unknown): Promise<void> {
  const question = questionOf(message);
  if (question === undefined) {
    process.stderr.write("inspector: a message that is not a question was ignored.\n");
    return;
  }
  const { id } = question;
  try {
    const parsed = experimentSchema.safeParse(question.experiment);
    if (!parsed.success) {
      reply({ id, error: `The experiment does not fit its schema: ${parsed.error.message}` });
      return;
    }
    reply({ id, facts: await inspect(parsed.data, question) });
  } catch (error) {
    process.stderr.write(`inspector: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    reply({ id, error: error instanceof Error ? error.message : String(error) });
  }
}

function reply(message: { readonly id: number; readonly facts?: ExperimentFacts; readonly error?: string }): void {
  // The parent may be gone by now; then nobody waits for the answer.
  if (process.connected) process.send?.(message);
}

async function inspect(experiment: Experiment, { baseFolder, trusted }: Question): Promise<ExperimentFacts> {
  if (namesModules(experiment)) {
    return trials.inspect(experiment, baseFolder, trusted, () => inspectData(experiment, baseFolder, tables, trusted));
  }
  const { facts, shape } = await inspectData(experiment, baseFolder, tables, trusted);
  return {
    data: facts,
    model: shape === undefined ? { layers: [], problems: [] } : inspectModel(experiment, shape),
  };
}

interface Question {
  readonly id: number;
  readonly experiment: unknown;
  readonly baseFolder: string;
  readonly trusted: boolean;
}

function questionOf(message: unknown): Question | undefined {
  if (typeof message !== "object" || message === null) return undefined;
  if (!("id" in message) || !("experiment" in message) || !("baseFolder" in message) || !("trusted" in message)) return undefined;
  const { id, experiment, baseFolder, trusted } = message;
  if (typeof id !== "number" || typeof baseFolder !== "string" || typeof trusted !== "boolean") return undefined;
  return { id, experiment, baseFolder, trusted };
}
