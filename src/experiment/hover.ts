import { findBalancer } from "../balancers/catalogue.ts";
import { balancerMarkdown } from "./balancer-markdown.ts";
import type { TextPosition, TextRange } from "./diagnostic.ts";
import { findLayer } from "./layers.ts";
import { optionsShape } from "./json-schema.ts";
import { parseYaml } from "./parse-yaml.ts";
import { insidePhase } from "./phase-paths.ts";
import { keysMarkdown, keyShapeAt, shapeMarkdown } from "./shape.ts";
import { linesOf } from "./text-lines.ts";
import { taskWord } from "./task-words.ts";
import type { Path, Tree } from "./tree.ts";

export interface Hover {
  readonly range: TextRange;
  readonly markdown: string;
}

/** What is under the cursor: a key, a layer's name, or a value. */
interface Target {
  readonly path: Path;
  readonly range: TextRange;
  readonly word: string;
  readonly isKey: boolean;
}

/** What is to be said about the word at an offset, or `undefined`. Works on files with errors. */
export function hoverAt(text: string, offset: number): Hover | undefined {
  const { tree } = parseYaml(text);
  const target = tree && targetAt(tree, linesOf(text).position(offset), []);
  if (tree === undefined || target === undefined) return undefined;
  const markdown = describe(target, tree);
  return markdown === "" ? undefined : { range: target.range, markdown };
}

function targetAt(tree: Tree, at: TextPosition, path: Path): Target | undefined {
  if (tree.kind === "scalar") {
    return tree.source !== "" && holds(tree.range, at) ? { path, range: tree.range, word: String(tree.value), isKey: false } : undefined;
  }
  if (tree.kind === "list") return first(tree.items, (item, index) => targetAt(item, at, [...path, index]));
  return first(tree.entries, ({ key, keyRange, value }) => {
    const here = [...path, key];
    return holds(keyRange, at) ? { path: here, range: keyRange, word: key, isKey: true } : targetAt(value, at, here);
  });
}

function first<Part>(parts: readonly Part[], look: (part: Part, index: number) => Target | undefined): Target | undefined {
  for (const [index, part] of parts.entries()) {
    const found = look(part, index);
    if (found !== undefined) return found;
  }
  return undefined;
}

function holds({ start, end }: TextRange, { line, column }: TextPosition): boolean {
  return start.line === line && end.line === line && start.column <= column && column <= end.column;
}

function describe(target: Target, tree: Tree): string {
  const path = insidePhase(target.path);
  const [section, second] = path;
  const names = section === "balancer" && !target.isKey && (path.length === 1 || second === "method");
  const balancer = names ? findBalancer(target.word) : undefined;
  if (balancer !== undefined) return balancerMarkdown(balancer);
  const layer = isLayerName(target) ? findLayer(target.word) : undefined;
  if (layer !== undefined) return titled(layer.name, `${layer.summary}\n\n${keysMarkdown(optionsShape(layer.arguments))}`);

  const word = target.isKey ? target.path.length > 3 : true;
  const ofTask = word ? taskWord(target.path.slice(0, 3), target.word) : undefined;
  if (ofTask !== undefined) return titled(target.word, ofTask);

  const shape = keyShapeAt(target.path, tree);
  if (shape === undefined) return "";
  const name = target.path.findLast((step) => typeof step === "string") ?? "";
  const keys = target.isKey && section === "optimizer" ? `\n\n${keysMarkdown(shape)}` : "";
  const about = shapeMarkdown(shape) + keys;
  return about === "" ? "" : titled(name, about);
}

/** `- flatten`, or the one key of `- dense: {…}`; below `model.trunk` and `model.heads.<task>`. */
function isLayerName({ path, isKey }: Target): boolean {
  const position = isKey ? path.at(-2) : path.at(-1);
  const depth = path.length - (isKey ? 2 : 1);
  return path[0] === "model" && typeof position === "number" && depth === (path[1] === "trunk" ? 2 : 3);
}

function titled(name: string, text: string): string {
  return `**${name}**\n\n${text.trim()}`;
}
