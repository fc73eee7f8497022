import { resolve } from "node:path";

import { dataFiles, type DataFile } from "../../experiment/data/data-files.ts";
import { hasSources } from "../../experiment/data/source-experiments.ts";
import type { ColumnFacts, DataFacts } from "../../experiment/facts.ts";
import type { Split } from "../../experiment/record.ts";
import type { Experiment } from "../../experiment/schema.ts";
import { hasArrays } from "./arrays/array-experiment.ts";
import { inspectArrays } from "./arrays/inspect-arrays.ts";
import { augmentProblems } from "./augment/augmentation.ts";
import { DataError, type DataProblem } from "./data-error.ts";
import type { Dataset } from "./dataset.ts";
import { hasFolder } from "./images/image-rows.ts";
import { inspectFolder } from "./images/inspect-images.ts";
import { bundledDigits } from "./load.ts";
import { isMultiMnist, multiMnistProblems, multiMnistShape, readDigits, type MultiMnistExperiment } from "./multi-mnist.ts";
import type { InputMeasure } from "./input-measure.ts";
import { inspectSources } from "./sources/inspect-sources.ts";
import { splitRows } from "./split.ts";
import { taskProblems } from "./task-problems.ts";
import { measureTable } from "./tables/fit-table.ts";
import { packTable } from "./tables/pack-table.ts";
import type { PrefixCache, TablePrefix } from "./tables/prefix.ts";
import { hasTable, planTable, type TableExperiment } from "./tables/table-plan.ts";

export interface DataInspection {
  readonly facts: DataFacts;
  /** What a model must know of the data, if nothing stands in the way. */
  readonly shape: Pick<Dataset, "inputs" | "tasks"> | undefined;
}

/** What was found of one source of rows, before it is settled how its inputs enter the network. */
export interface OpenedInspection {
  /** As far as they can change the shape of an input, or stand in the way of sharing it. */
  readonly measures: readonly InputMeasure[];
  /** Everything that was found, with inputs after these measures: its own, or those of several sources together. */
  readonly finish: (measures: readonly InputMeasure[]) => DataInspection;
}

/**
 * Everything that can be said of an experiment's data without training. A problem of the data is listed, never thrown. Of an
 * experiment that is not `trusted` no file on another computer is opened.
 */
export async function inspectData(
  experiment: Experiment,
  baseFolder: string,
  tables: PrefixCache,
  trusted: boolean,
): Promise<DataInspection> {
  const inspect = (source: Experiment): Promise<OpenedInspection> => inspectSource(source, baseFolder, tables, trusted);
  if (hasSources(experiment)) return await inspectSources(experiment, inspect);
  const { measures, finish } = await inspect(experiment);
  return finish(measures);
}

async function inspectSource(experiment: Experiment, baseFolder: string, tables: PrefixCache, trusted: boolean): Promise<OpenedInspection> {
  const settled = (found: DataInspection, measures: readonly InputMeasure[] = []): OpenedInspection => ({
    measures,
    finish: () => withTaskProblems(experiment, found),
  });
  try {
    if (isMultiMnist(experiment)) return settled(await inspectMultiMnist(experiment));
    const away = trusted ? undefined : dataFiles(experiment).find(({ file }) => isElsewhere(file));
    if (away !== undefined) throw elsewhere(away);
    if (hasArrays(experiment)) {
      const { shape, measures, problems, ...facts } = await inspectArrays(experiment, baseFolder);
      return settled({ facts: { ...facts, problems: problems.map(factProblem) }, shape }, measures);
    }
    if (hasFolder(experiment)) {
      const { shape, measures, problems, ...facts } = await inspectFolder(experiment, baseFolder);
      return settled({ facts: { ...facts, problems: problems.map(factProblem) }, shape }, measures);
    }
    if (hasTable(experiment)) {
      const { measures, finish } = await inspectTable(await tables.read(resolve(baseFolder, experiment.data.file)), experiment);
      return { measures, finish: (shared) => withTaskProblems(experiment, finish(shared)) };
    }
    throw new TypeError("The experiment names neither a file nor a data set.");
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    return settled({ facts: { columns: undefined, rows: undefined, problems: [factProblem(error)] }, shape: undefined });
  }
}

function withTaskProblems(experiment: Experiment, { facts, shape }: DataInspection): DataInspection {
  if (shape === undefined || facts.rows === undefined) return { facts, shape };
  const found = [...taskProblems(experiment, shape.tasks, facts.rows), ...augmentProblems(experiment, shape)].map(factProblem);
  return { facts: { ...facts, problems: [...facts.problems, ...found] }, shape };
}

/** A network path, as Windows has them. Told by how it is written, the same on every system. */
function isElsewhere(file: string): boolean {
  return /^[\\/]{2}/.test(file);
}

/** Merely asking for such a file sends the user's name and a hash of the password to whatever computer is named. */
function elsewhere({ file, path }: DataFile): DataError {
  return new DataError({
    code: "MTL321",
    path,
    message: `"${file}" is on another computer, and is not asked for in a workspace that is not trusted. Trust the workspace, or copy the file beside the experiment.`,
  });
}

/** What was found in a table last: most keystrokes change neither its data nor its tasks, and to look again takes half a second or more. */
const lastFound = new WeakMap<TablePrefix, { readonly of: string; readonly opened: OpenedInspection }>();

async function inspectTable(prefix: TablePrefix, experiment: TableExperiment): Promise<OpenedInspection> {
  const of = JSON.stringify([experiment.data, experiment.tasks]);
  const last = lastFound.get(prefix);
  if (last?.of === of) return last.opened;
  const opened = await inspectPrefix(prefix, experiment);
  lastFound.set(prefix, { of, opened });
  return opened;
}

async function inspectPrefix(prefix: TablePrefix, experiment: TableExperiment): Promise<OpenedInspection> {
  const columns = prefix.facts;
  const packed = await packTable(prefix, planTable(experiment, prefix.columns), { memory: Number.POSITIVE_INFINITY, failFast: false });
  const looked = prefix.isWhole ? [] : [onlyBeginning(prefix)];
  const refused = (problems: readonly DataProblem[]): DataInspection => ({
    facts: { columns, rows: undefined, problems: [...certain(problems, prefix).map(factProblem), ...looked] },
    shape: undefined,
  });
  if (packed.problems.length > 0) return { measures: [], finish: () => refused(packed.problems) };
  const measured = await measureTable(packed, experiment.data.split).catch(problemIn);
  if (measured instanceof DataError) return { measures: [], finish: () => refused([measured]) };
  return {
    measures: measured.measures,
    finish(shared) {
      try {
        const { encoder, tasks, counts, warnings } = measured.finish(shared);
        const told = certain(warnings, prefix).map((problem) => ({ ...factProblem(problem), severity: "warning" as const }));
        return {
          facts: { columns, rows: prefix.isWhole ? counts : undefined, problems: [...told, ...looked] },
          shape: { inputs: encoder.inputs, tasks: tasks.map(({ targets }) => targets) },
        };
      } catch (error) {
        return refused([problemIn(error)]);
      }
    },
  };
}

/** Of what was thrown, a problem of the data; anything else goes on. */
function problemIn(error: unknown): DataError {
  if (error instanceof DataError) return error;
  throw error;
}

/** What may turn out otherwise where only the beginning of a table was looked at. */
const openInBeginning: ReadonlySet<string> = new Set(["MTL303", "MTL306", "MTL317", "MTL318", "MTL319", "MTL322", "MTL323", "MTL327"]);

function certain(problems: readonly DataProblem[], { isWhole, allColumnsKnown }: TablePrefix): readonly DataProblem[] {
  if (isWhole) return problems;
  return problems.filter(({ code }) => !openInBeginning.has(code) && (code !== "MTL301" || allColumnsKnown));
}

function onlyBeginning({ file, kept, rows, rowWord }: TablePrefix): DataFacts["problems"][number] {
  const number = (count: number): string => count.toLocaleString("en");
  const all = rows === undefined ? "" : ` of the ${number(rows)}`;
  const word = rowWord === "entry" ? "entries" : "rows";
  const message = `"${file}" is large: the first ${number(kept)}${all} ${word} were checked here. The others are when the training begins, before its first step.`;
  return { path: ["data", "file"], code: "MTL333", message, severity: "information" };
}

async function inspectMultiMnist(experiment: MultiMnistExperiment): Promise<DataInspection> {
  const problems = multiMnistProblems(experiment).map(factProblem);
  const columns = ["left", "right"].map((name): ColumnFacts => ({ name, type: "number", missing: 0, distinct: 10 }));
  const { split, pairs } = experiment.data;
  const digits = await readDigits(bundledDigits());
  const parts = splitRows(digits.count, split, "digits");
  const rowsOf = (name: Split): number => parts[name].length * pairs;
  return {
    facts: { columns, rows: { train: rowsOf("train"), validation: rowsOf("validation"), test: rowsOf("test") }, problems },
    shape: problems.length === 0 ? multiMnistShape(digits, experiment) : undefined,
  };
}

function factProblem({
  path,
  code,
  message,
  severity,
}: DataProblem & { readonly severity?: "warning" | "information" }): DataFacts["problems"][number] {
  return { path, code, message, ...(severity === undefined ? {} : { severity }) };
}
