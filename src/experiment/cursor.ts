import { longestText, parseYaml } from "./parse-yaml.ts";
import type { TextRange } from "./diagnostic.ts";
import { linesOf } from "./text-lines.ts";
import type { Path, Tree } from "./tree.ts";

/** Where in an experiment the cursor stands, found while the text is still being typed. */
export interface Cursor {
  /** A new key of the mapping at `path`, or the value at `path`. */
  readonly role: "key" | "value";
  readonly path: Path;
  /** The word around the cursor, which a completion replaces. */
  readonly range: TextRange;
  /** Keys that the mapping has already. */
  readonly siblings: readonly string[];
  /** Inside `{}` or `[]`. */
  readonly inFlow: boolean;
  /** A colon follows the word. */
  readonly hasColon: boolean;
  /** At the beginning of a line where a list item is expected: it needs its dash. */
  readonly needsDash: boolean;
  /** Column of the word. */
  readonly indentation: number;
  readonly tree: Tree;
}

/** Stands for the word being typed while the rest is parsed; no file has it. */
const mark = "taskscopeCursorMark";

/** The cursor's place, or `undefined` in comments and where nothing can be placed. */
export function cursorAt(text: string, offset: number): Cursor | undefined {
  if (text.length > longestText) return undefined;
  const lines = linesOf(text);
  const { line } = lines.position(offset);
  const from = lines.offset({ line, column: 0 });
  const flow = openBrackets(text, offset);
  if (flow === "comment") return undefined;

  const before = text.slice(from, offset);
  const start = from + wordStart(before, flow.length > 0);
  const end = offset + (/^[\w.+-]*/.exec(text.slice(offset))?.[0].length ?? 0);
  const hasColon = /^[ \t]*:(?:\s|$)/.test(text.slice(end));
  const ahead = text.slice(from, start).trimEnd().at(-1);
  const role = roleAfter(ahead, flow.at(-1), hasColon);

  const inBlock = flow.length === 0;
  const asKey = hasColon ? mark : `${mark}: x`;
  const asItem = `- ${mark}`;
  const keyFirst = inBlock && followsItem(text.slice(0, from), start - from) ? [asItem, asKey] : [asKey, ...(inBlock ? [asItem] : [])];
  for (const attempt of role === "key" ? keyFirst : [mark]) {
    const { tree } = parseYaml(text.slice(0, start) + attempt + text.slice(end));
    const place = tree && placeOfMark(tree, []);
    if (tree === undefined || place === undefined) continue;
    const shared = { range: lines.range(start, end), inFlow: !inBlock, hasColon, indentation: start - from, tree };
    return { ...place, ...shared, needsDash: attempt === asItem };
  }
  return undefined;
}

/** Brackets open at an offset, outermost first; `comment` when it is in one. */
function openBrackets(text: string, offset: number): readonly string[] | "comment" {
  const open: string[] = [];
  let quote = "";
  let ahead = "\n";
  for (let i = 0; i < offset; i += 1) {
    const sign = text.charAt(i);
    const isBreak = sign === "\n" || sign === "\r";
    if (quote !== "") {
      if (sign === quote) quote = "";
      else if (sign === "\\" && quote === '"') i += 1;
    } else if (sign === "#" && /\s/.test(text.charAt(i - 1) || "\n")) {
      const rest = text.slice(i).search(/[\r\n]/);
      if (rest < 0 || i + rest >= offset) return "comment";
      i += rest - 1;
    } else if ((sign === '"' || sign === "'") && /[[{,:\n-]/.test(ahead)) quote = sign;
    else if ((sign === "{" || sign === "[") && (open.length > 0 || /[,:\n-]/.test(ahead))) open.push(sign);
    else if ((sign === "}" || sign === "]") && open.length > 0) open.pop();
    if (isBreak) ahead = "\n";
    else if (sign !== " " && sign !== "\t") ahead = sign;
  }
  return open;
}

/** Column where the word under the cursor begins: after the last sign that separates words here. */
function wordStart(before: string, inFlow: boolean): number {
  const separator = inFlow ? /^.*(?:[[{,]|:(?=\s))\s*/s : /^(?:.*:(?=\s)|\s*(?:-\s+)+)?\s*/s;
  return separator.exec(before)?.[0].length ?? /^\s*/.exec(before)?.[0].length ?? 0;
}

/** Whether the line before, of those in this column, is a list item. */
function followsItem(above: string, column: number): boolean {
  const lines = above.split(/\r\n|\n|\r/).filter((line) => line.trim() !== "");
  const last = lines.findLast((line) => line.search(/\S/) <= column);
  return last?.search(/\S/) === column && /^\s*-\s/.test(last);
}

function roleAfter(ahead: string | undefined, bracket: string | undefined, hasColon: boolean): "key" | "value" {
  if (hasColon || ahead === "{") return "key";
  if (ahead === ":" || ahead === "[" || (ahead === "-" && bracket === undefined)) return "value";
  if (bracket !== undefined) return bracket === "{" ? "key" : "value";
  return "key";
}

function placeOfMark(tree: Tree, path: Path): Pick<Cursor, "role" | "path" | "siblings"> | undefined {
  if (tree.kind === "scalar") return String(tree.value).includes(mark) ? { role: "value", path, siblings: [] } : undefined;
  if (tree.kind === "list") return firstPlace(tree.items, (item, index) => placeOfMark(item, [...path, index]));
  const marked = tree.entries.some(({ key }) => key === mark);
  if (marked) return { role: "key", path, siblings: tree.entries.map(({ key }) => key).filter((key) => key !== mark) };
  return firstPlace(tree.entries, ({ key, value }) => placeOfMark(value, [...path, key]));
}

function firstPlace<Part, Place>(parts: readonly Part[], place: (part: Part, index: number) => Place | undefined): Place | undefined {
  for (const [index, part] of parts.entries()) {
    const found = place(part, index);
    if (found !== undefined) return found;
  }
  return undefined;
}
