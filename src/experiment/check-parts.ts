import { balancerCatalogue, findBalancer } from "../balancers/catalogue.ts";
import { checkValue, type Subject } from "./check-value.ts";
import { checkModel } from "./check-model.ts";
import type { CheckCode } from "./codes.ts";
import type { Diagnostic, TextRange } from "./diagnostic.ts";
import { finding, respell, someOf } from "./finding.ts";
import { findLayer, layerCatalogue } from "./layers.ts";
import { lossOptions } from "./losses.ts";
import { optimizerOptions } from "./optimizer-schema.ts";
import { checkData } from "./data/check-data.ts";
import { entriesEverywhere } from "./phase-paths.ts";
import { nearest } from "./suggestion.ts";
import { entriesOf, entryOf, find, itemsOf, textOf, valueOf, type Entry, type MapTree, type ScalarTree, type Tree } from "./tree.ts";

/** Parts that their own catalogue describes: data, model, balancer, optimizer, losses, layers. The rest is the schema's. */
export function* checkParts(root: Tree): Generator<Diagnostic> {
  const data = entryOf(root, "data");
  if (data === undefined) yield finding("MTL102", find(root, []).range, "The key `data` is missing: where the rows come from. Add it.");
  else yield* checkData(root, data);
  yield* checkModel(root);
  for (const balancer of entriesEverywhere(root, "balancer")) yield* checkBalancer(balancer);
  for (const optimizer of entriesEverywhere(root, "optimizer")) yield* checkOptimizer(optimizer);
  yield* checkLosses(root);
  for (const layer of layersOf(root)) yield* checkLayer(layer);
}

/** All layer entries of encoders, trunk and heads, in the order of the file. */
export function layersOf(root: Tree): readonly Tree[] {
  const model = valueOf(root, "model");
  const inEach = (key: "inputs" | "heads"): readonly Tree[] => entriesOf(valueOf(model, key)).flatMap(({ value }) => itemsOf(value));
  return [...inEach("inputs"), ...itemsOf(valueOf(model, "trunk")), ...inEach("heads")];
}

function* checkBalancer({ value, keyRange }: Entry): Generator<Diagnostic> {
  const ids = balancerCatalogue.map(({ id }) => id);
  const name = value.kind === "map" ? entryOf(value, "method")?.value : value;
  if (name === undefined) {
    const found = entriesOf(value).find(({ key }) => findBalancer(key) !== undefined);
    const example = found === undefined ? "`{method: mgda}`" : `\`{method: ${found.key}}\``;
    yield finding(
      "MTL102",
      keyRange,
      `The key \`method\` is missing in \`balancer\`. Write ${example}, with the method's options beside it.`,
    );
    return;
  }
  if (name.kind !== "scalar" || typeof name.value !== "string") {
    yield finding("MTL103", name.range, "`balancer` must be the name of a method, or a mapping with `method` and its options.");
    return;
  }
  const balancer = findBalancer(name.value);
  if (balancer === undefined) {
    yield unknownName("MTL110", "balancer", name, ids);
    return;
  }
  if (value.kind === "map")
    yield* checkOptions(without(value, "method"), balancer.options, "MTL111", "option", ` of the balancer \`${balancer.id}\``, name.range);
}

function* checkOptimizer(entry: Entry): Generator<Diagnostic> {
  yield* checkChoice(entry, optimizerOptions, {
    word: "optimizer",
    codes: { name: "MTL130", option: "MTL131", one: "MTL132" },
    example: "`{adam: {learningRate: 1e-3}}`",
  });
}

function* checkLosses(root: Tree): Generator<Diagnostic> {
  for (const { value: task } of entriesOf(valueOf(root, "tasks"))) {
    const loss = entryOf(task, "loss");
    if (loss === undefined) continue;
    yield* checkChoice(loss, lossOptions, {
      word: "loss",
      codes: { name: "MTL140", option: "MTL141", one: "MTL142" },
      example: "`{huber: {delta: 2}}`",
    });
  }
}

interface Choice {
  readonly word: string;
  readonly codes: { readonly name: CheckCode; readonly option: CheckCode; readonly one: CheckCode };
  readonly example: string;
}

/** One thing of several, by its name alone or as one key with its options. */
function* checkChoice(
  { value, keyRange }: Entry,
  options: Readonly<Record<string, Subjectable>>,
  { word, codes, example }: Choice,
): Generator<Diagnostic> {
  const names = Object.keys(options);
  const article = /^[aeiou]/.test(word) ? "an" : "a";
  if (value.kind === "list" || (value.kind === "map" && value.entries.length !== 1)) {
    yield finding(
      codes.one,
      value.kind === "list" ? value.range : keyRange,
      `Give one ${word}: its name, or one key with the name and its options, e.g. ${example}.`,
    );
    return;
  }
  const entry = entriesOf(value)[0];
  const name = entry === undefined ? textOf(value) : entry.key;
  const range = entry?.keyRange ?? value.range;
  if (name === undefined) {
    yield finding("MTL103", range, `\`${word}\` must be the name of ${article} ${word}: ${someOf(names)}.`);
    return;
  }
  const schema = Object.hasOwn(options, name) ? options[name] : undefined;
  if (schema === undefined) {
    yield unknownName(codes.name, word, { text: name, range }, names);
    return;
  }
  if (entry !== undefined) yield* checkOptions(entry.value, schema, codes.option, "option", ` of the ${word} \`${name}\``, range);
}

const oneLayer = "An entry is one layer: its name, or one key with the name and its arguments, e.g. `- dense: {units: 64}`.";

function* checkLayer(tree: Tree): Generator<Diagnostic> {
  const named = layerNameOf(tree);
  if (named === undefined) {
    const several = tree.kind === "map" ? tree.entries[1] : undefined;
    const hint = several === undefined ? "" : ` Arguments need one level more indentation than the name.`;
    yield finding("MTL122", several?.keyRange ?? tree.range, oneLayer + hint);
    return;
  }
  const kind = findLayer(named.text);
  if (kind === undefined) {
    yield unknownName(
      "MTL120",
      "layer",
      named,
      layerCatalogue.map(({ name }) => name),
    );
    return;
  }
  const given = named.arguments;
  if (given !== undefined && given.kind !== "map" && !(given.kind === "scalar" && given.value === null)) {
    yield finding(
      "MTL103",
      given.range,
      `The arguments of \`${kind.name}\` must be a mapping, e.g. \`{${exampleArgument(kind.arguments.shape)}}\`.`,
    );
    return;
  }
  yield* checkOptions(given ?? emptyAt(named.range), kind.arguments, "MTL121", "argument", ` of the layer \`${kind.name}\``, named.range);
}

function exampleArgument(shape: object): string {
  return `${Object.keys(shape)[0] ?? "name"}: …`;
}

/** A layer's name with its place and its arguments; `undefined` for what is not one layer. */
export function layerNameOf(
  tree: Tree,
): { readonly text: string; readonly range: TextRange; readonly arguments: Tree | undefined } | undefined {
  const text = textOf(tree);
  if (text !== undefined) return { text, range: tree.range, arguments: undefined };
  const [entry, more] = entriesOf(tree);
  return entry === undefined || more !== undefined ? undefined : { text: entry.key, range: entry.keyRange, arguments: entry.value };
}

function unknownName(
  code: CheckCode,
  what: string,
  name: ScalarTree | { readonly text: string; readonly range: TextRange },
  names: readonly string[],
): Diagnostic {
  const text = "text" in name ? name.text : String(name.value);
  const meant = nearest(text, names);
  const advice = meant === undefined ? `There are: ${someOf(names, 50)}.` : `Did you mean \`${meant}\`?`;
  return finding(code, name.range, `There is no ${what} \`${text}\`. ${advice}`, {
    fixes: meant === undefined ? [] : [respell(name.range, meant)],
  });
}

function checkOptions(
  tree: Tree,
  schema: Subjectable,
  unknownKey: CheckCode,
  keyWord: string,
  where: string,
  home: TextRange,
): readonly Diagnostic[] {
  const given = tree.kind === "scalar" && tree.value === null ? emptyAt(home) : tree;
  const subject: Subject = { unknownKey, keyWord, where: () => where, keys: () => keysOf(schema), home };
  return checkValue(given, schema, subject);
}

type Subjectable = Parameters<typeof checkValue>[1] & { readonly shape: object };

function keysOf(schema: { readonly shape: object }): readonly string[] {
  return Object.keys(schema.shape);
}

function emptyAt(range: TextRange): MapTree {
  return { kind: "map", entries: [], range, size: 1 };
}

function without(tree: MapTree, key: string): MapTree {
  return { ...tree, entries: tree.entries.filter((entry) => entry.key !== key) };
}
