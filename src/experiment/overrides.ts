import { isMap, isScalar, isSeq, parseDocument, type Node, type Pair, type YAMLMap } from "yaml";
import type { TextPosition } from "./diagnostic.ts";
import { listed } from "./finding.ts";
import { parseYaml } from "./parse-yaml.ts";
import { shapesAt } from "./shape.ts";
import { nearest } from "./suggestion.ts";
import { linesOf } from "./text-lines.ts";
import { entriesOf, find, plainOf, valueOf, type Path, type Tree } from "./tree.ts";

/** One `--set path=value`: keys with dots between them, positions in lists as numbers, e.g. `model.trunk.0.dense.units`. */
export interface Override {
  readonly path: string;
  /** As YAML: `3`, `[rmse, r2]`, `{method: mgda}`. */
  readonly value: string;
}

export interface Overridden {
  /** The file with every override that could be made; all else, comments too, is left as it was. */
  readonly text: string;
  /** Overrides that could not be made, and why. */
  readonly problems: readonly { readonly path: string; readonly message: string }[];
}

/** Ends a line that was changed, so that a run's copy of the file tells what was not in the original. */
export const overrideMark = "# set on the command line";

/** Puts values from the command line into the text of an experiment file. Whether they fit is for the check of the new text. */
export function applyOverrides(text: string, overrides: readonly Override[]): Overridden {
  const problems: { path: string; message: string }[] = [];
  let current = text;
  for (const { path, value } of overrides) {
    const result = applied(current, path, value);
    if ("problem" in result) problems.push({ path, message: result.problem });
    else current = result.text;
  }
  return { text: current, problems };
}

/** The override that put in the text at a position of the new text; undefined for what the file itself says. The last of a path counts. */
export function overrideAt({ line, column }: TextPosition, tree: Tree, overrides: readonly Override[]): Override | undefined {
  return overrides.findLast(({ path }) => {
    const steps = path.split(".").map((step) => step.trim());
    const { keyRange, tree: value } = find(tree, stepsIn(steps, tree));
    if (value === undefined) return false;
    const [start, end] = [keyRange.start, value.range.end];
    const isAfterStart = line > start.line || (line === start.line && column >= start.column);
    return isAfterStart && (line < end.line || (line === end.line && column <= end.column));
  });
}

type Result = { readonly text: string } | { readonly problem: string };

function applied(text: string, name: string, value: string): Result {
  const { tree, diagnostics } = parseYaml(text);
  if (tree?.kind !== "map" || diagnostics.some(({ severity }) => severity === "error")) {
    return { problem: `\`${name}\` cannot be set: the file has errors. Correct them first.` };
  }
  const steps = name.split(".").map((step) => step.trim());
  const bad = badPath(steps, tree);
  if (bad !== undefined) return { problem: bad };
  const written = writable(value, takesText(steps, tree));
  if (written === undefined) return { problem: `\`${name}\` cannot be set to nothing. Write \`${name}=value\`.` };

  const { contents } = parseDocument(text, { uniqueKeys: false, prettyErrors: false, logLevel: "error" });
  const edit = contents === null ? undefined : edited(text, contents, steps, written);
  const wanted = plainYaml(written);
  const made = edit === undefined ? undefined : marked(edit.text, edit.at);
  if (made === undefined || !sayEqually(made, steps, wanted)) {
    return { problem: `\`${name}\` cannot be set from the command line in the way the file is written. Change it in the file.` };
  }
  return { text: made };
}

/** Why there is no such path, or `undefined` if there is. */
function badPath(steps: readonly string[], tree: Tree): string | undefined {
  for (const [index, step] of steps.entries()) {
    const above = steps.slice(0, index);
    const place = find(tree, above).tree;
    const where = above.length === 0 ? "" : ` in \`${above.join(".")}\``;
    if (place?.kind === "list") {
      const count = place.items.length;
      if (/^\d+$/.test(step) && Number(step) < count) continue;
      return `There is no entry \`${step}\`${where}: it is a list of ${String(count)}, counted from 0.`;
    }
    const names = namesBelow(above, tree);
    if (names === undefined || names.includes(step)) continue;
    const meant = nearest(step, names);
    const advice = meant === undefined ? (names.length === 0 ? "" : ` There are: ${listed(names)}.`) : ` Did you mean \`${meant}\`?`;
    return `There is no \`${step}\`${where}.${advice}`;
  }
  return undefined;
}

/** Names that may stand below a path; `undefined` for lists that are not written yet. */
function namesBelow(path: readonly string[], tree: Tree): readonly string[] | undefined {
  if (path.join(".") === "tasks" || path.join(".") === "model.heads") return entriesOf(valueOf(tree, "tasks")).map(({ key }) => key);
  const part = find(tree, path).tree;
  // A balancer written as a name alone has the options of that method.
  const named = path.join(".") === "balancer" && part?.kind === "scalar" ? methodAlone(tree, part) : tree;
  const shapes = shapesAt(stepsIn(path, tree), named);
  return shapes.some(({ type }) => type === "array")
    ? undefined
    : [...new Set(shapes.flatMap(({ properties }) => Object.keys(properties ?? {})))];
}

function methodAlone(tree: Tree, method: Tree): Tree {
  if (tree.kind !== "map") return tree;
  const balancer: Tree = { kind: "map", entries: [{ key: "method", keyRange: method.range, value: method }], range: method.range, size: 2 };
  const others = tree.entries.filter(({ key }) => key !== "balancer");
  return { ...tree, entries: [...others, { key: "balancer", keyRange: method.range, value: balancer }] };
}

/** A value as it can stand in any place of the file: as given where YAML takes it, else in quotes. */
function writable(value: string, isText: boolean): string | undefined {
  const given = value.trim();
  if (given === "") return undefined;
  if (isText && typeof plainYaml(given) !== "string") return JSON.stringify(given);
  const inList = plainYaml(`[${given}]`);
  const fits = plainYaml(given) !== undefined && Array.isArray(inList) && inList.length === 1 && !/[\r\n#]/.test(given);
  return fits ? given : JSON.stringify(given);
}

/** What a text says as YAML; `undefined` for what is not YAML by itself. */
function plainYaml(text: string): unknown {
  const { tree, diagnostics } = parseYaml(`value: ${text}`);
  const value = valueOf(tree, "value");
  return value === undefined || diagnostics.length > 0 || entriesOf(tree).length !== 1 ? undefined : plainOf(value);
}

/** Whether nothing but a text may stand at the path. */
function takesText(steps: readonly string[], tree: Tree): boolean {
  const shapes = shapesAt(stepsIn(steps, tree), tree);
  return shapes.length > 0 && shapes.every(({ type }) => type === "string");
}

/** Positions in lists as numbers. */
function stepsIn(steps: readonly string[], tree: Tree): Path {
  return steps.map((step, index) => (find(tree, steps.slice(0, index)).tree?.kind === "list" ? Number(step) : step));
}

interface Edit {
  readonly text: string;
  /** Offset in the new text of the end of what was put in. */
  readonly at: number;
}

function edited(text: string, root: Node, steps: readonly string[], value: string): Edit | undefined {
  let node: unknown = root;
  for (const [index, step] of steps.entries()) {
    const rest = steps.slice(index);
    if (isSeq(node)) node = node.items[Number(step)];
    else if (isMap(node)) {
      const pair = pairOf(node, step);
      if (pair === undefined) return inserted(text, node, rest, value, index === 0);
      if (pair.value === null) return undefined;
      node = pair.value;
    } else if (isScalar(node)) return replaced(text, node, widened(node.value, rest, value, steps[0]));
    else return undefined;
  }
  return isScalar(node) || isMap(node) || isSeq(node) ? replaced(text, node, value) : undefined;
}

function pairOf(map: YAMLMap, key: string): Pair | undefined {
  return map.items.find((pair) => isScalar(pair.key) && pair.key.source === key);
}

/** A name that gets options: `adam` becomes `{adam: {…}}`, a balancer `{method: name, …}`; nothing becomes `{…}`. */
function widened(scalar: unknown, rest: readonly string[], value: string, section: string | undefined): string | undefined {
  if (scalar === null) return `{${nested(rest, value)}}`;
  if (typeof scalar !== "string") return undefined;
  if (section === "balancer" && rest.length === 1) return rest[0] === "method" ? value : `{method: ${scalar}, ${nested(rest, value)}}`;
  return scalar === rest[0] && rest.length > 1 ? `{${nested(rest, value)}}` : undefined;
}

/** `a: {b: value}` */
function nested(steps: readonly string[], value: string): string {
  const [first = "", ...rest] = steps;
  return rest.length === 0 ? `${first}: ${value}` : `${first}: {${nested(rest, value)}}`;
}

function replaced(text: string, node: Node, value: string | undefined): Edit | undefined {
  const [start, end] = node.range ?? [];
  if (start === undefined || end === undefined || value === undefined) return undefined;
  const gap = text.charAt(start - 1) === ":" ? " " : "";
  const put = gap + value;
  const lineEnd = /[\r\n]+$/.exec(text.slice(start, end))?.[0] ?? "";
  return { text: text.slice(0, start) + put + lineEnd + text.slice(end), at: start + put.length };
}

/** A new key: in braces behind the last one, in lines before the first one, and at the top level at the end of the file. */
function inserted(text: string, map: YAMLMap, rest: readonly string[], value: string, isTop: boolean): Edit | undefined {
  const [start, end] = map.range ?? [];
  if (start === undefined || end === undefined) return undefined;
  const entry = nested(rest, value);
  if (map.flow === true) {
    const last = map.items.at(-1);
    const lastNode = last === undefined ? undefined : (endOf(last.value) ?? endOf(last.key));
    const at = lastNode ?? start + 1;
    const put = lastNode === undefined ? entry : `, ${entry}`;
    return { text: text.slice(0, at) + put + text.slice(at), at: at + put.length };
  }
  if (isTop) {
    const base = /[\r\n]$/.test(text) ? text : `${text}\n`;
    return { text: `${base}${entry}\n`, at: base.length + entry.length };
  }
  const column = linesOf(text).position(start).column;
  return { text: `${text.slice(0, start)}${entry}\n${" ".repeat(column)}${text.slice(start)}`, at: start + entry.length };
}

function endOf(node: unknown): number | undefined {
  return isScalar(node) || isMap(node) || isSeq(node) ? node.range?.[1] : undefined;
}

/** The text with the mark at the end of the line of an offset. */
function marked(text: string, at: number): string {
  const rest = text.slice(at).search(/[\r\n]/);
  const end = rest < 0 ? text.length : at + rest;
  const begin = Math.max(text.lastIndexOf("\n", end - 1), text.lastIndexOf("\r", end - 1)) + 1;
  const line = text.slice(begin, end).trimEnd();
  return line.endsWith(overrideMark) ? text : `${text.slice(0, begin)}${line} ${overrideMark}${text.slice(end)}`;
}

/** Whether the new text says just what was wanted, and is still YAML. */
function sayEqually(text: string, steps: readonly string[], wanted: unknown): boolean {
  const { tree, diagnostics } = parseYaml(text);
  if (tree === undefined || diagnostics.some(({ severity }) => severity === "error")) return false;
  const place = find(tree, steps).tree;
  return place !== undefined && JSON.stringify(plainOf(place)) === JSON.stringify(wanted);
}
