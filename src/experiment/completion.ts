import { findBalancer } from "../balancers/catalogue.ts";
import { balancerMarkdown } from "./balancer-markdown.ts";
import { dataParts, sourceAt } from "./data/data-parts.ts";
import { soleInput } from "./data/named-inputs.ts";
import { cursorAt, type Cursor } from "./cursor.ts";
import type { TextRange } from "./diagnostic.ts";
import { yamlWord } from "./finding.ts";
import type { Shape } from "./json-schema.ts";
import { insidePhase } from "./phase-paths.ts";
import { keysMarkdown, shapeMarkdown, shapesAt, typeWords } from "./shape.ts";
import { fitsTask, taskWord } from "./task-words.ts";
import { entriesOf, itemsOf, textOf, valueOf, type Path, type Tree } from "./tree.ts";

export interface Completion {
  readonly label: string;
  readonly kind: "key" | "value" | "balancer" | "layer" | "column";
  /** A few words beside the label. */
  readonly detail: string;
  readonly markdown: string;
  /** Put in place of `range`; `$1` and `${1:text}` are places to fill in, as in editors' snippets. */
  readonly snippet: string;
  readonly range: TextRange;
}

/** A column that the data are known to have. */
export interface KnownColumn {
  readonly name: string;
  /** Which of several sources has it. */
  readonly source?: string;
}

/**
 * What may be typed at an offset. Works on broken and half-typed files; gives nothing rather than a guess.
 * With the data's columns it offers those too, of several sources those of the one that is written about.
 */
export function completionsAt(text: string, offset: number, columns: readonly KnownColumn[] = []): readonly Completion[] {
  const cursor = cursorAt(text, offset);
  if (cursor === undefined) return [];
  const shapes = shapesAt(cursor.path, cursor.tree);
  const about = sourceAt(cursor.tree, cursor.path);
  const own = columns.filter(({ source }) => about === undefined || source === undefined || source === about);
  const names = [...new Set(own.map(({ name }) => name))];
  const offers = cursor.role === "key" ? keyOffers(cursor, shapes) : valueOffers(cursor, shapes, names);
  const seen = new Set<string>();
  return offers.filter(({ label, kind }) => !seen.has(`${kind} ${label}`) && seen.add(`${kind} ${label}`));
}

function keyOffers(cursor: Cursor, shapes: readonly Shape[]): Completion[] {
  const isLayer = cursor.path[0] === "model" && typeof cursor.path.at(-1) === "number";
  if (isLayer && cursor.siblings.length > 0) return [];
  const isOneOfMany = shapes.every(({ maxProperties }) => maxProperties === 1) && cursor.siblings.length > 0;
  const properties = isOneOfMany ? [] : shapes.flatMap((shape) => Object.entries(shape.properties ?? {}));
  const inPhase = insidePhase(cursor.path);
  const decides = inPhase[0] === "balancer" && inPhase.length === 1 && !cursor.siblings.includes("method");
  const fixed = properties
    .filter(([key]) => !cursor.siblings.includes(key) && (!decides || key === "method") && fitsTask(cursor.path, key, cursor.tree))
    .flatMap(([key, shape]) => (typeof shape === "object" ? keyOffer(cursor, key, shape, isLayer) : []));
  if (fixed.length > 0) return fixed;
  const lists = shapes.filter(({ type }) => type === "array");
  if (lists.length > 0 && !cursor.inFlow) return itemOffers(cursor, lists);
  return nameOffers(cursor);
}

/** Heads are named after the tasks, encoders after the inputs, shares after the sources. */
function nameOffers(cursor: Cursor): Completion[] {
  const place = cursor.path.join(".");
  const named: Readonly<Record<string, { readonly names: readonly string[]; readonly detail: string; readonly value: string }>> = {
    "model.heads": { names: entriesOf(valueOf(cursor.tree, "tasks")).map(({ key }) => key), detail: "head of this task", value: "[$1]" },
    "model.inputs": { names: inputNames(cursor.tree), detail: "layers of this input", value: "[$1]" },
    "data.schedule.shares": { names: sourceNames(cursor.tree), detail: "share of this source", value: "${1:1}" },
  };
  const { names = [], detail = "", value = "" } = named[place] ?? {};
  return names
    .filter((name) => !cursor.siblings.includes(name))
    .map((name) => offer(cursor, { label: name, kind: "key", detail, snippet: cursor.hasColon ? name : `${name}: ${value}` }));
}

function sourceNames(tree: Tree): readonly string[] {
  return entriesOf(valueOf(valueOf(tree, "data"), "sources")).map(({ key }) => key);
}

/** Several sources have the same inputs. */
function inputNames(tree: Tree): readonly string[] {
  const inputs = dataParts(tree).flatMap(({ data }) => valueOf(data, "inputs") ?? [])[0];
  return inputs?.kind === "list" ? [soleInput] : entriesOf(inputs).map(({ key }) => key);
}

function keyOffer(cursor: Cursor, key: string, shape: Shape, isLayer: boolean): Completion {
  const markdown = [taskWord(cursor.path, key) ?? shapeMarkdown(shape), isLayer ? keysMarkdown(shape) : ""]
    .filter((part) => part !== "")
    .join("\n\n");
  const snippet = cursor.hasColon ? key : `${key}:${isLayer ? ` ${argumentsSnippet(shape)}` : valueSnippet(shape, cursor)}`;
  return offer(cursor, {
    label: key,
    kind: isLayer ? "layer" : "key",
    detail: isLayer ? (shape.description ?? "") : typeWords(shape),
    markdown,
    snippet,
  });
}

/** What is typed after a key: an indented line or braces for a mapping, brackets for a list, else nothing. */
function valueSnippet(shape: Shape, cursor: Cursor): string {
  const choices = shape.anyOf ?? [shape];
  const isMapping = choices.every((choice) => typeof choice === "object" && choice.type === "object");
  if (isMapping) return cursor.inFlow ? " {$1}" : `\n${" ".repeat(cursor.indentation + 2)}$1`;
  return shape.type === "array" ? " [$1]" : " $1";
}

function argumentsSnippet(shape: Shape): string {
  const needed = shape.required ?? [];
  return `{${needed.length === 0 ? "$1" : needed.map((name, index) => `${name}: $${index + 1}`).join(", ")}}`;
}

function itemOffers(cursor: Cursor, lists: readonly Shape[]): Completion[] {
  const path = [...cursor.path, 0];
  const shapes = lists.flatMap(() => shapesAt(path, undefined));
  const offers = valueOffers({ ...cursor, path, role: "value" }, shapes, []);
  return offers.map((each) => ({ ...each, snippet: `- ${each.snippet}` }));
}

function valueOffers(cursor: Cursor, shapes: readonly Shape[], columns: readonly string[]): Completion[] {
  const dash = cursor.needsDash ? "- " : "";
  if (isColumn(cursor)) {
    return columns.map((name) => offer(cursor, { label: name, kind: "column", detail: "column", snippet: dash + escaped(yamlWord(name)) }));
  }
  if (isTaskOfSource(cursor)) return taskOffers(cursor, dash);
  const inPhase = insidePhase(cursor.path);
  const section = String(inPhase[0]);
  return shapes.flatMap((shape): Completion[] => {
    if (shape.const !== undefined) return [constantOffer(cursor, String(shape.const), shape, section, dash)];
    if (shape.enum !== undefined) return shape.enum.map(String).flatMap((label) => wordOffer(cursor, label, dash));
    if (shape.type === "boolean")
      return ["true", "false"].map((label) => offer(cursor, { label, kind: "value", detail: "", snippet: dash + label }));
    if (shape.type === "object" && shape.maxProperties === 1) return layerOffers(cursor, shape, dash);
    if (section === "optimizer" && inPhase.length === 1) return optimizerOffers(cursor, shape);
    if (section === "tasks" && shape.type === "object") return optionOffers(cursor, shape, dash);
    const normal = typeof shape.default === "number" ? String(shape.default) : undefined;
    return normal === undefined ? [] : [offer(cursor, { label: normal, kind: "value", detail: "default", snippet: normal })];
  });
}

/** One word of several; of a task's words those that fit its kind. */
function wordOffer(cursor: Cursor, label: string, dash: string): Completion[] {
  if (!fitsTask(cursor.path, label, cursor.tree)) return [];
  return [offer(cursor, { label, kind: "value", detail: "", markdown: taskWord(cursor.path, label) ?? "", snippet: dash + label })];
}

/** A loss with its options, or `{top: k}`. */
function optionOffers(cursor: Cursor, shape: Shape, dash: string): Completion[] {
  return Object.entries(shape.properties ?? {}).flatMap(([name, below]) => {
    if (typeof below !== "object" || !fitsTask(cursor.path, name, cursor.tree)) return [];
    const options = Object.keys(below.properties ?? {});
    if (below.type === "object" && options.length === 0) return [];
    const label = below.type === "object" ? `${name} with options` : name;
    const value = below.type === "object" ? `{${options[0] ?? ""}: $1}` : "${1:10}";
    return [
      offer(cursor, {
        label,
        kind: "value",
        detail: "",
        markdown: taskWord(cursor.path, name) ?? "",
        snippet: `${dash}{${name}: ${value}}`,
      }),
    ];
  });
}

function constantOffer(cursor: Cursor, label: string, shape: Shape, section: string, dash: string): Completion {
  const balancer = section === "balancer" ? findBalancer(label) : undefined;
  const kind = balancer !== undefined ? "balancer" : section === "model" ? "layer" : "value";
  const markdown = balancer === undefined ? (shape.description ?? "") : balancerMarkdown(balancer);
  return offer(cursor, { label, kind, detail: balancer?.title ?? shape.description ?? "", markdown, snippet: dash + label });
}

/** Layers with arguments; in a list of lines `dense: {…}`, in brackets `{dense: {…}}`. */
function layerOffers(cursor: Cursor, shape: Shape, dash: string): Completion[] {
  return Object.entries(shape.properties ?? {}).flatMap(([name, below]) => {
    if (typeof below !== "object" || (below.required ?? []).length === 0) return [];
    const call = `${name}: ${argumentsSnippet(below)}`;
    const markdown = `${below.description ?? ""}\n\n${keysMarkdown(below)}`;
    return [
      offer(cursor, {
        label: name,
        kind: "layer",
        detail: below.description ?? "",
        markdown,
        snippet: dash + (cursor.inFlow ? `{${call}}` : call),
      }),
    ];
  });
}

function optimizerOffers(cursor: Cursor, shape: Shape): Completion[] {
  return Object.entries(shape.properties ?? {}).flatMap(([name, below]) => {
    if (typeof below !== "object") return [];
    const rate = below.properties?.["learningRate"];
    const normal = typeof rate === "object" ? String(rate.default) : "0.001";
    return [
      offer(cursor, {
        label: `${name} with options`,
        kind: "value",
        detail: "",
        markdown: keysMarkdown(below),
        snippet: `{${name}: {learningRate: \${1:${normal}}}}`,
      }),
    ];
  });
}

function isColumn({ path }: Cursor): boolean {
  const [section, , third] = path;
  if (section === "tasks") return third === "column" || (third === "columns" && path.length === 4);
  const [part, ...entry] = inSource(path);
  const last = entry.at(-1);
  const isEntry = entry.length === 1 || (entry.length === 2 && (last === "array" || typeof last === "number")) || last === "column";
  return section === "data" && ((part === "inputs" && isEntry) || (part === "image" && last === "column"));
}

/** A path below `data`, or below one of its sources. */
function inSource(path: Path): Path {
  return path[1] === "sources" ? path.slice(3) : path.slice(1);
}

/** An entry of a source's list of tasks. */
function isTaskOfSource({ path }: Cursor): boolean {
  return path[0] === "data" && path[1] === "sources" && path[3] === "tasks" && path.length === 5;
}

/** Tasks that no source has yet. */
function taskOffers(cursor: Cursor, dash: string): Completion[] {
  const sources = entriesOf(valueOf(valueOf(cursor.tree, "data"), "sources"));
  const taken = sources.flatMap(({ value }) => itemsOf(valueOf(value, "tasks")).map(textOf));
  return entriesOf(valueOf(cursor.tree, "tasks"))
    .filter(({ key }) => !taken.includes(key))
    .map(({ key }) => offer(cursor, { label: key, kind: "value", detail: "task", snippet: dash + key }));
}

function escaped(text: string): string {
  return text.replace(/[$}\\]/g, "\\$&");
}

function offer(cursor: Cursor, parts: Omit<Completion, "range" | "markdown"> & { readonly markdown?: string }): Completion {
  return { markdown: "", ...parts, range: cursor.range };
}
