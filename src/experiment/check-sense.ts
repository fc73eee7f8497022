import { findBalancer } from "../balancers/catalogue.ts";
import { checkInputs, columnOf, inputLists } from "./check-inputs.ts";
import { checkBalancing } from "./check-balancing.ts";
import { checkGradients } from "./check-gradients.ts";
import { layerNameOf, layersOf } from "./check-parts.ts";
import { checkPhases } from "./check-phases.ts";
import { checkTask, checkTwice, lossIn } from "./check-task.ts";
import { checkTraining } from "./check-training.ts";
import { dataParts, type DataPart } from "./data/data-parts.ts";
import type { Diagnostic, Fix, TextRange } from "./diagnostic.ts";
import { finding, respell, someOf } from "./finding.ts";
import { lossFacts } from "./losses.ts";
import { entriesEverywhere } from "./phase-paths.ts";
import { nearest } from "./suggestion.ts";
import { entriesOf, entryOf, itemsOf, plainOf, textOf, valueOf, type Entry, type Tree } from "./tree.ts";

/** Keys that are right each by itself and do not go together. Parts that are wrong in themselves are passed over. */
export function* checkSense(root: Tree): Generator<Diagnostic> {
  yield* checkTasks(root);
  yield* checkHeads(root);
  yield* checkWeights(root);
  yield* checkBalancing(root);
  yield* checkTraining(root);
  yield* checkPhases(root);
  yield* checkPositiveLosses(root);
  for (const part of dataParts(root)) {
    yield* checkColumns(part);
    yield* checkInputs(part.data);
    yield* checkSplit(part);
  }
  yield* checkLayerNames(root);
  yield* checkGradients(root);
  for (const layer of layersOf(root)) yield* checkStrides(layer);
}

function* checkTasks(root: Tree): Generator<Diagnostic> {
  const tasks = entryOf(root, "tasks");
  if (tasks?.value.kind !== "map") return;
  const [only, second] = tasks.value.entries;
  if (only === undefined) yield finding("MTL201", tasks.keyRange, "There is no task. Add one, e.g. `species: {kind: classification}`.");
  else if (second === undefined) {
    yield finding("MTL202", only.keyRange, "One task only: there is nothing to balance.", { severity: "information" });
  }
  for (const { value } of tasks.value.entries) yield* checkTask(value);
}

/** Heads for which the task that was meant is looked for: where more are wrong, they are not misspelt. */
const mostGuesses = 50;

function* checkHeads(root: Tree): Generator<Diagnostic> {
  const heads = entryOf(valueOf(root, "model"), "heads");
  const tasks = entriesOf(valueOf(root, "tasks"));
  if (heads?.value.kind !== "map" || tasks.length === 0) return;
  const names = tasks.map(({ key }) => key);
  if (!names.every(isName)) return;
  const [isTask, given] = [new Set(names), new Set(heads.value.entries.map(({ key }) => key))];
  const withoutHead = names.filter((name) => !given.has(name));
  const misspelt = new Set<string>();
  let foreign = 0;
  for (const head of heads.value.entries) {
    yield* checkSoftmax(head);
    if (isTask.has(head.key)) continue;
    foreign += 1;
    const meant = foreign > mostGuesses ? undefined : nearest(head.key, withoutHead);
    if (meant !== undefined) misspelt.add(meant);
    const advice = meant === undefined ? `The tasks are ${someOf(names)}.` : `Did you mean \`${meant}\`?`;
    yield finding("MTL204", head.keyRange, `There is no task \`${head.key}\` for this head. ${advice}`, {
      fixes: meant === undefined ? [] : [respell(head.keyRange, meant)],
    });
  }
  for (const name of withoutHead.filter((task) => !misspelt.has(task))) {
    yield finding(
      "MTL203",
      heads.keyRange,
      `The task \`${name}\` has no head, so it gets an output layer alone. Give it one, or write \`${name}: []\`.`,
      {
        severity: "warning",
        fixes: addHead(heads.value.entries[0], name),
      },
    );
  }
}

/** Names that cannot be are reported already; comparing with them would only confuse. */
function isName(name: string): boolean {
  return /^[A-Za-z_][\w-]*$/.test(name);
}

/** Puts an empty head before the first one. */
function addHead(first: Entry | undefined, name: string): readonly Fix[] {
  if (first === undefined) return [];
  const { start } = first.keyRange;
  const range = { start, end: start };
  const isFlow = first.value.range.start.line === start.line && first.value.kind !== "scalar";
  return isFlow
    ? []
    : [{ title: `Add an empty head for ${name}`, range, replacement: `${name}: []\n${" ".repeat(start.column)}`, preferred: false }];
}

function* checkSoftmax(head: Entry): Generator<Diagnostic> {
  const last = itemsOf(head.value).at(-1);
  const named = last && layerNameOf(last);
  if (named === undefined) return;
  const activation = valueOf(named.arguments, "activation");
  const isSoftmax = named.text === "softmax" || textOf(activation) === "softmax";
  if (!isSoftmax) return;
  yield finding(
    "MTL216",
    activation?.range ?? named.range,
    "The output layer and its softmax are added after the head. Delete this softmax.",
    { severity: "warning" },
  );
}

function* checkWeights(root: Tree): Generator<Diagnostic> {
  const weights = entriesOf(valueOf(root, "tasks")).flatMap(({ value }) => entryOf(value, "weight") ?? []);
  const [first] = weights;
  if (first === undefined) return;
  const balancer = valueOf(root, "balancer");
  const method = balancer === undefined ? "equal" : textOf(valueOf(balancer, "method") ?? balancer);
  if (method !== undefined && method !== "static" && findBalancer(method) !== undefined) {
    yield finding(
      "MTL209",
      first.keyRange,
      `Weights count with \`balancer: static\` only; \`${method}\` does not use them. Change the balancer or delete the weights.`,
      {
        severity: "warning",
      },
    );
  }
  const tasks = entriesOf(valueOf(root, "tasks")).length;
  const allZero = weights.length === tasks && weights.every(({ value }) => value.kind === "scalar" && value.value === 0);
  if (method === "static" && allZero) {
    yield finding("MTL210", first.value.range, "All tasks have weight 0, so nothing would be trained. Give at least one a weight above 0.");
  }
}

/** Methods that take logarithms or roots of the losses, with a loss that can be negative. */
function* checkPositiveLosses(root: Tree): Generator<Diagnostic> {
  const methods = entriesEverywhere(root, "balancer").map(({ value }) => findBalancer(textOf(valueOf(value, "method") ?? value) ?? ""));
  const balancer = methods.find((method) => method?.positiveLosses === true);
  if (balancer === undefined) return;
  for (const { key, value } of entriesOf(valueOf(root, "tasks"))) {
    const loss = lossIn(value);
    if (loss === undefined || lossFacts[loss.name].negative !== true) continue;
    const message = `The balancer \`${balancer.id}\` needs losses above 0, and \`${loss.name}\` of the task \`${key}\` can fall below. Use another loss or another balancer.`;
    yield finding("MTL253", loss.range, message);
  }
}

function* checkColumns({ data, tasks }: DataPart): Generator<Diagnostic> {
  const inputs = inputLists(valueOf(data, "inputs"));
  const owner = new Map<string, { readonly task: string; readonly threshold: unknown }>();
  for (const { key, value, keyRange } of tasks) {
    const given = valueOf(value, "threshold");
    const threshold = given === undefined ? undefined : plainOf(given);
    for (const { name, range } of labelPlaces(key, value, keyRange)) {
      const other = owner.get(name);
      if (other === undefined) owner.set(name, { task: key, threshold });
      else if (other.task !== key && other.threshold === threshold) {
        yield finding("MTL213", range, `The tasks \`${other.task}\` and \`${key}\` both predict \`${name}\`. Is that meant?`, {
          severity: "warning",
        });
      }
    }
  }
  for (const input of inputs.flat()) {
    const name = columnOf(input) ?? "";
    const task = owner.get(name)?.task;
    if (task === undefined) continue;
    yield finding(
      "MTL211",
      valueOf(input, "column")?.range ?? input.range,
      `\`${name}\` is what the task \`${task}\` predicts: as an input it gives the answer away. Take it out.`,
      {
        severity: "warning",
      },
    );
  }
  for (const list of inputs) yield* checkTwice(list, "input");
}

/** The columns that a task predicts, and where it names them. */
function labelPlaces(task: string, value: Tree, keyRange: TextRange): readonly { readonly name: string; readonly range: TextRange }[] {
  if (value.kind !== "map") return [];
  const columns = valueOf(value, "columns");
  if (columns !== undefined) return itemsOf(columns).flatMap((item) => named(item) ?? []);
  const column = valueOf(value, "column");
  return column === undefined ? [{ name: task, range: keyRange }] : (named(column) ?? []);
}

function named(tree: Tree): readonly { readonly name: string; readonly range: TextRange }[] | undefined {
  const name = textOf(tree);
  return name === undefined ? undefined : [{ name, range: tree.range }];
}

function* checkSplit({ data }: DataPart): Generator<Diagnostic> {
  const split = entryOf(data, "split");
  if (split?.value.kind !== "map") return;
  const validation = shareOf(split.value, "validation");
  const test = shareOf(split.value, "test");
  if (validation === undefined || test === undefined || validation + test < 1) return;
  yield finding(
    "MTL214",
    split.keyRange,
    `Validation (${String(validation)}) and test (${String(test)}) leave nothing to train on. Their sum must be below 1.`,
  );
}

/** The share if it is one by itself; the schema's default where none is given. */
function shareOf(split: Tree, key: string): number | undefined {
  const given = valueOf(split, key);
  if (given === undefined) return 0.15;
  return given.kind === "scalar" && typeof given.value === "number" && given.value > 0 && given.value < 1 ? given.value : undefined;
}

function* checkLayerNames(root: Tree): Generator<Diagnostic> {
  const seen = new Set<string>();
  for (const layer of layersOf(root)) {
    const name = valueOf(layerNameOf(layer)?.arguments, "name");
    const text = textOf(name);
    if (name === undefined || text === undefined) continue;
    if (seen.has(text)) yield finding("MTL207", name.range, `Another layer is named \`${text}\` already. Give this one another name.`);
    seen.add(text);
  }
}

function* checkStrides(layer: Tree): Generator<Diagnostic> {
  const given = layerNameOf(layer)?.arguments;
  const strides = entryOf(given, "strides");
  const dilation = entryOf(given, "dilationRate");
  if (strides === undefined || dilation === undefined || !exceedsOne(strides.value) || !exceedsOne(dilation.value)) return;
  yield finding("MTL215", dilation.keyRange, "A layer cannot have both strides and dilation above 1. Delete one of them.");
}

function exceedsOne(tree: Tree): boolean {
  if (tree.kind === "list") return tree.items.some(exceedsOne);
  return tree.kind === "scalar" && typeof tree.value === "number" && tree.value > 1;
}
