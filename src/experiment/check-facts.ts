import { resolveBalancer } from "../balancers/catalogue.ts";
import { checkPhaseFacts } from "./check-phase-facts.ts";
import { finding, inOrder, respell } from "./finding.ts";
import { sourceAt } from "./data/data-parts.ts";
import type { Diagnostic, Fix, TextRange } from "./diagnostic.ts";
import type { ColumnFacts, ExperimentFacts, FactProblem } from "./facts.ts";
import type { ParsedExperiment } from "./parse.ts";
import type { Experiment } from "./schema.ts";
import { nearest } from "./suggestion.ts";
import { entryOf, find, textOf, valueOf, type Path, type Tree } from "./tree.ts";

/** More classes than this, and all of them numbers: most likely a measurement. */
const manyClasses = 50;

/** What data and model say about an experiment without errors. Gives nothing for a file that has errors: those come first. */
export function checkFacts(parsed: Pick<ParsedExperiment, "experiment" | "tree">, facts: ExperimentFacts): readonly Diagnostic[] {
  const { experiment, tree } = parsed;
  if (experiment === undefined || tree === undefined) return [];
  const problems = [...facts.data.problems, ...facts.model.problems];
  // Of a measurement that is taken for classes, some values are always in too few rows: the reason is told, not what follows of it.
  const measurements = manyNumbers(experiment, facts.data.columns ?? [], tree, problems);
  const told = problems
    .filter((problem) => problem.code !== "MTL318" || !measurements.has(taskOf(problem)))
    .map((problem) => fromProblem(problem, tree, columnsAt(problem.path, tree, facts.data.columns ?? [])));
  const own = [
    ...batchSize(experiment, facts, tree),
    ...nothingShared(experiment, facts, tree),
    ...checkPhaseFacts(experiment, facts, tree),
    ...measurements.values(),
  ];
  return inOrder([...told, ...own]);
}

function fromProblem(problem: FactProblem, tree: Tree, columns: readonly ColumnFacts[]): Diagnostic {
  const range = placeOf(tree, problem.path);
  return {
    code: problem.code,
    severity: problem.severity ?? "error",
    message: problem.message,
    range,
    fixes: fixesFor(problem, tree, range, columns),
    ...(problem.place === undefined ? {} : { origin: problem.place }),
  };
}

/** Columns of the source that a path is about. */
function columnsAt(path: Path, tree: Tree, columns: readonly ColumnFacts[]): readonly ColumnFacts[] {
  const source = sourceAt(tree, path);
  return columns.filter((column) => column.source === source);
}

/** A value where one is written, else the key or the layer's name that leads to it. */
function placeOf(tree: Tree, path: Path): TextRange {
  const found = find(tree, path);
  return found.tree?.kind === "scalar" ? found.range : found.keyRange;
}

function fixesFor({ code, path }: FactProblem, tree: Tree, range: TextRange, columns: readonly ColumnFacts[]): readonly Fix[] {
  if (code === "MTL301" || code === "MTL344") return nearestColumn(path, tree, range, columns);
  if (code === "MTL307") return missingPolicy(find(tree, path.slice(0, path.indexOf("inputs"))).tree);
  if (code === "MTL304") return kindFix(path, tree, "classification");
  return [];
}

/** A task without `column` is named after its column: the repair adds the key. */
function nearestColumn(path: Path, tree: Tree, range: TextRange, columns: readonly ColumnFacts[]): readonly Fix[] {
  const written = textOf(find(tree, path).tree);
  const names = columns.map(({ name }) => name);
  const meant = nearest(written ?? String(path.at(-1)), names);
  if (meant === undefined) return [];
  if (written !== undefined) return [respell(range, meant)];
  const first = find(tree, path).tree;
  const entry = first?.kind === "map" ? first.entries[0] : undefined;
  if (entry === undefined) return [];
  const at = { start: entry.keyRange.start, end: entry.keyRange.start };
  const isFlow = entry.keyRange.start.line === range.start.line;
  const { replacement } = respell(range, meant);
  const added = `column: ${replacement}${isFlow ? ", " : `\n${" ".repeat(at.start.column)}`}`;
  return [{ title: `Use the column ${replacement}`, range: at, replacement: added, preferred: true }];
}

function missingPolicy(data: Tree | undefined): readonly Fix[] {
  const given = entryOf(data, "missing");
  const inputs = entryOf(data, "inputs");
  if (inputs === undefined || data?.kind !== "map") return [];
  const fill = "Fill in missing inputs with the training mean";
  if (given !== undefined) return [{ title: fill, range: given.value.range, replacement: "mean", preferred: true }];
  const { start } = inputs.keyRange;
  const others = data.entries.filter(({ keyRange }) => keyRange.start.line === start.line);
  const isFlow =
    others.length > 1 || data.range.start.line < start.line - 1 || data.range.start.column !== data.entries[0]?.keyRange.start.column;
  const separator = isFlow ? ", " : `\n${" ".repeat(start.column)}`;
  return [{ title: fill, range: { start, end: start }, replacement: `missing: mean${separator}`, preferred: true }];
}

function kindFix(path: Path, tree: Tree, kind: string): readonly Fix[] {
  const range = valueOf(find(tree, path.slice(0, 2)).tree, "kind")?.range;
  return range === undefined ? [] : [{ title: `Make it a ${kind}`, range, replacement: kind, preferred: false }];
}

function batchSize(experiment: Experiment, facts: ExperimentFacts, tree: Tree): readonly Diagnostic[] {
  const rows = facts.data.rows?.train;
  const { batchSize: size } = experiment.training;
  if (rows === undefined || rows === 0) return [];
  if (size <= rows) return batchesOfStep(experiment, Math.ceil(rows / size), tree);
  const { tree: written } = find(tree, ["training", "batchSize"]);
  const range = placeOf(tree, ["training", "batchSize"]);
  const fixes: readonly Fix[] =
    written === undefined ? [] : [{ title: `Set to ${String(rows)}`, range, replacement: String(rows), preferred: true }];
  const message = `A batch of ${String(size)} is larger than the ${String(rows)} rows there are to train on. Make \`batchSize\` smaller.`;
  return [finding("MTL302", range, message, { fixes })];
}

function batchesOfStep({ training: { accumulate } }: Experiment, batches: number, tree: Tree): readonly Diagnostic[] {
  if (accumulate <= batches) return [];
  const range = placeOf(tree, ["training", "accumulate"]);
  const fixes: readonly Fix[] = [{ title: `Set to ${String(batches)}`, range, replacement: String(batches), preferred: true }];
  const message = `A step of ${String(accumulate)} batches takes more than the ${String(batches)} that there are in an epoch. Make \`accumulate\` or \`batchSize\` smaller.`;
  // The epoch is one step then, which trains; and sources that take turns may have more batches in theirs.
  return [finding("MTL302", range, message, { severity: "warning", fixes })];
}

function nothingShared(experiment: Experiment, { model }: ExperimentFacts, tree: Tree): readonly Diagnostic[] {
  const { balancer } = resolveBalancer(experiment.balancer);
  const severity = balancer.action === "weigh-losses" ? "warning" : "error";
  if (model.shares === false && Object.keys(experiment.tasks).length > 1) {
    const message = `No weight of this network is reached by more than one task, so \`${balancer.id}\` has nothing to balance. Let the tasks share layers.`;
    return [finding("MTL406", placeOf(tree, ["model", "module"]), message, { severity })];
  }
  if (model.problems.length > 0 || model.layers.length === 0 || Object.keys(experiment.tasks).length < 2) return [];
  const shared = model.layers.filter(({ path }) => path[1] === "trunk").reduce((sum, { parameters }) => sum + parameters, 0);
  if (shared > 0) return [];
  const message = `No layer of the trunk has a weight, so the tasks share none, and \`${balancer.id}\` has nothing to balance. Move layers from the heads to the trunk.`;
  return [finding("MTL406", find(tree, ["model", "trunk"]).keyRange, message, { severity })];
}

function taskOf({ path }: FactProblem): string {
  return path[0] === "tasks" ? String(path[1]) : "";
}

/** By task. An error where the classes also keep it from being trained. */
function manyNumbers(
  experiment: Experiment,
  columns: readonly ColumnFacts[],
  tree: Tree,
  problems: readonly FactProblem[],
): ReadonlyMap<string, Diagnostic> {
  const found = Object.entries(experiment.tasks).flatMap(([task, { kind, column = task, threshold }]): [string, Diagnostic][] => {
    const path = ["tasks", task, "column"];
    const facts = columnsAt(path, tree, columns).find(({ name }) => name === column);
    const own = problems.filter((problem) => taskOf(problem) === task && problem.severity === undefined);
    if ((kind !== "classification" && kind !== "ordinal") || threshold !== undefined) return [];
    if (facts?.type !== "number" || facts.distinct <= manyClasses) return [];
    if (own.some(({ code }) => code !== "MTL318")) return [];
    const message = `\`${column}\` holds ${String(facts.distinct)} different numbers, each of which becomes a class. Is \`kind: regression\` meant?`;
    const severity = own.length > 0 ? "error" : "warning";
    return [[task, finding("MTL305", placeOf(tree, path), message, { severity, fixes: kindFix(path, tree, "regression") })]];
  });
  return new Map(found);
}
