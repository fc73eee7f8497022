import type { Diagnostic } from "./diagnostic.ts";
import { finding, listed } from "./finding.ts";
import { lossNames, type LossName } from "./losses.ts";
import { metricNames } from "./metrics.ts";
import { labelKeys, taskKindNames, taskKinds, type LabelKey, type TaskKind, type TaskKindFacts } from "./task-kinds.ts";
import { entriesOf, entryOf, itemsOf, textOf, valueOf, type Entry, type ListTree, type Tree } from "./tree.ts";

/** What a task says that does not go together with its kind. Parts that are wrong in themselves are passed over. */
export function* checkTask(task: Tree): Generator<Diagnostic> {
  yield* checkColumnKeys(task);
  yield* checkTwice(itemsOf(valueOf(task, "metrics")), "metric");
  yield* checkTwice(itemsOf(valueOf(task, "classes")), "class");
  yield* checkTwice(itemsOf(valueOf(task, "columns")), "column");
  const name = textOf(valueOf(task, "kind"));
  const kind = taskKindNames.find((each) => each === name);
  if (kind === undefined) return;
  const facts = taskKinds[kind];
  yield* checkLabelKeys(task, kind, facts);
  yield* checkLossFits(task, kind, facts);
  yield* checkMetricsFit(task, kind, facts);
  yield* checkClassCount(task, kind);
}

export function* checkTwice(items: readonly Tree[], what: string): Generator<Diagnostic> {
  const seen = new Set<string>();
  for (const item of items) {
    if (item.kind !== "scalar" || item.value === null) continue;
    const text = String(item.value);
    if (seen.has(text))
      yield finding("MTL212", item.range, `The ${what} \`${text}\` is listed twice. Delete one.`, { severity: "warning" });
    seen.add(text);
  }
}

/** Keys that each say where the labels are, so that only one of them can be meant. */
function* checkColumnKeys(task: Tree): Generator<Diagnostic> {
  const columns = entryOf(task, "columns");
  if (columns === undefined) return;
  for (const key of ["column", "separator", "classes"]) {
    const other = entryOf(task, key);
    if (other === undefined) continue;
    const why = key === "column" ? "says the same" : key === "separator" ? "is for one column of text" : "are named after the columns";
    yield finding("MTL251", other.keyRange, `\`${key}\` does not go with \`columns\`: it ${why}. Delete one of them.`);
  }
}

function* checkLabelKeys(task: Tree, kind: TaskKind, { keys }: TaskKindFacts): Generator<Diagnostic> {
  for (const key of labelKeys) {
    const entry = entryOf(task, key);
    if (entry === undefined || keys.includes(key)) continue;
    yield finding(
      "MTL250",
      entry.keyRange,
      `\`${key}\` is not for ${kind}, but for ${listed(kindsWith(key), "or")}. Delete it, or change the kind.`,
    );
  }
}

function kindsWith(key: LabelKey): readonly string[] {
  return taskKindNames.filter((kind) => taskKinds[kind].keys.includes(key));
}

/** The loss that a task names, where it stands and with which options. Unknown names are reported elsewhere. */
export function lossIn(
  task: Tree,
): { readonly name: LossName; readonly range: Diagnostic["range"]; readonly options: Entry | undefined } | undefined {
  const loss = valueOf(task, "loss");
  const [options] = entriesOf(loss);
  const name = lossNames.find((each) => each === (options?.key ?? textOf(loss)));
  const range = options?.keyRange ?? loss?.range;
  return name === undefined || range === undefined ? undefined : { name, range, options };
}

function* checkLossFits(task: Tree, kind: TaskKind, { losses }: TaskKindFacts): Generator<Diagnostic> {
  const loss = lossIn(task);
  if (loss === undefined) return;
  const { name, range, options } = loss;
  if (!losses.includes(name)) {
    const fixes = losses.map((to, index) => ({ title: `Change to ${to}`, range, replacement: to, preferred: index === 0 }));
    yield finding("MTL206", range, `The loss \`${name}\` is not for ${kind}. Use ${listed(losses, "or")}.`, {
      fixes: options === undefined ? fixes : [],
    });
    return;
  }
  if (name === "cosine") yield* checkVector(task, range);
  if (options !== undefined) yield* checkClassWeights(task, options);
}

function* checkVector(task: Tree, range: Diagnostic["range"]): Generator<Diagnostic> {
  const columns = valueOf(task, "columns");
  if (columns?.kind !== "list" || columns.items.length !== 1) return;
  yield finding(
    "MTL252",
    range,
    "`cosine` looks at the direction of a vector, and one column has none. Name its other components under `columns`.",
  );
}

/** Weights by class, where the experiment names the classes. */
function* checkClassWeights(task: Tree, options: Entry): Generator<Diagnostic> {
  const classes = valueOf(task, "classes");
  if (classes?.kind !== "list") return;
  const names = namesIn(classes);
  const weights = entryOf(options.value, "classWeights") ?? entryOf(options.value, "positiveWeight");
  if (weights?.value.kind === "list" && weights.value.items.length !== names.length) {
    const message = `There are ${weights.value.items.length} class weights for ${names.length} classes. Give one a class, in their order.`;
    yield finding("MTL254", weights.value.range, message);
  }
  for (const { key, keyRange } of entriesOf(weights?.value)) {
    if (names.includes(key)) continue;
    yield finding("MTL254", keyRange, `\`${key}\` has a weight and is not among the classes: ${names.join(", ")}.`);
  }
}

/** The metrics of a list by the names that they are recorded under. */
export function metricsIn(list: Tree | undefined): readonly string[] {
  return itemsOf(list).flatMap((item) => {
    const likeliest = valueOf(item, "top");
    return likeliest?.kind === "scalar" ? [`top${String(likeliest.value)}`] : (textOf(item) ?? []);
  });
}

function* checkMetricsFit(task: Tree, kind: TaskKind, { metrics, top }: TaskKindFacts): Generator<Diagnostic> {
  const advice = `Use ${listed(metrics, "or")}.`;
  for (const metric of itemsOf(valueOf(task, "metrics"))) {
    const text = textOf(metric);
    const named = metricNames.find((each) => each === text);
    if (named !== undefined && !metrics.includes(named)) {
      yield finding("MTL205", metric.range, `The metric \`${named}\` is not for ${kind}. ${advice}`);
    }
    const likeliest = entryOf(metric, "top");
    if (likeliest !== undefined && top !== true)
      yield finding("MTL205", likeliest.keyRange, `The metric \`top\` is not for ${kind}. ${advice}`);
  }
}

function* checkClassCount(task: Tree, kind: TaskKind): Generator<Diagnostic> {
  const classes = valueOf(task, "classes");
  if (kind !== "binary" || classes?.kind !== "list" || classes.items.length === 2) return;
  yield finding(
    "MTL252",
    classes.range,
    "A binary task has two classes: the negative one, then the positive one. Name two, or use `kind: classification`.",
  );
}

function namesIn(list: ListTree): readonly string[] {
  return list.items.flatMap((item) => (item.kind === "scalar" && item.value !== null ? [String(item.value)] : []));
}
