import { Lexer, parseDocument, type Node, type YAMLError } from "yaml";
import { buildTree } from "./build-tree.ts";
import type { Diagnostic, TextRange } from "./diagnostic.ts";
import { finding } from "./finding.ts";
import { linesOf, type TextLines } from "./text-lines.ts";
import type { Tree } from "./tree.ts";

/** A text longer than this is not read. */
export const longestText = 1_000_000;
/** A text of more tokens is not parsed: the time a parse takes grows with them. */
const mostTokens = 60_000;
/** Further errors are nearly always echoes of the first. */
const mostErrors = 5;

export interface ParsedYaml {
  /** What could be read; also of a text with errors, for completion and hover. */
  readonly tree: Tree | undefined;
  readonly diagnostics: readonly Diagnostic[];
}

/** Reads a text as one YAML mapping with places. Any text gets an answer in bounded time; nothing is thrown. */
export function parseYaml(text: string): ParsedYaml {
  if (text.length > longestText) return { tree: undefined, diagnostics: [tooLarge(text)] };
  const lines = linesOf(text);
  const refusal = refused(lines);
  if (refusal !== undefined) return { tree: undefined, diagnostics: [refusal] };

  const document = parseDocument<Node, false>(lines.text, { uniqueKeys: false, prettyErrors: false, logLevel: "error", strict: true });
  const errors = firstOfEachLine(withoutEchoes(document.errors).map((error) => syntaxError(error, lines))).slice(0, mostErrors);
  const tags = document.warnings
    .filter(({ code }) => code === "TAG_RESOLVE_FAILED")
    .slice(0, mostErrors)
    .map(({ pos }) => finding("MTL010", firstLine(pos, lines), "A tag means nothing here. Delete it.", { severity: "warning" }));
  const { tree, diagnostics } = buildTree(document.contents, lines);
  const tooDeep = diagnostics.find(({ code }) => code === "MTL007");
  if (errors.length > 0) return { tree, diagnostics: tooDeep === undefined ? errors : [tooDeep] };

  if (tree.kind === "map") return { tree, diagnostics: [...tags, ...diagnostics] };
  const wrong = finding("MTL011", tree.range, "An experiment is a mapping of keys such as `name:`, `data:`, `tasks:` and `model:`.");
  return { tree, diagnostics: [...tags, ...diagnostics, wrong] };
}

function tooLarge(text: string): Diagnostic {
  const top = linesOf(text.slice(0, 200)).line(0).length;
  return finding(
    "MTL001",
    { start: { line: 0, column: 0 }, end: { line: 0, column: top } },
    `The file has ${String(text.length)} characters; one above ${String(longestText)} is not read. Keep data in a data file and name it under \`data.file\`.`,
  );
}

/** Why a text is not even parsed. */
function refused(lines: TextLines): Diagnostic | undefined {
  const { text } = lines;
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  const binary = text.search(/[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F]/);
  if (binary >= 0) return finding("MTL003", lines.range(binary, binary + 1), "This is not a text file: it holds a control character here.");
  const saysSomething = /^[ \t\uFEFF]*[^\s#]/m.test(text);
  if (!saysSomething) {
    return finding("MTL002", lines.range(0, lines.line(0).length), "The file is empty. Begin with `name:`, or use “New Experiment”.");
  }
  if (tooManyTokens(text)) {
    return finding(
      "MTL007",
      lines.range(0, lines.line(0).length),
      `The file has more than ${String(mostTokens)} words and signs; an experiment has a few hundred.`,
    );
  }
  return undefined;
}

function tooManyTokens(text: string): boolean {
  if (text.length <= mostTokens / 2) return false;
  let count = 0;
  for (const token of new Lexer().lex(text)) {
    if (token !== "") count += 1;
    if (count > mostTokens) return true;
  }
  return false;
}

/** What follows a tab is read with the wrong indentation: only further tabs are told. */
function withoutEchoes(errors: readonly YAMLError[]): readonly YAMLError[] {
  const tab = errors.find(({ code }) => code === "TAB_AS_INDENT");
  return tab === undefined ? errors : errors.filter(({ code, pos }) => code === "TAB_AS_INDENT" || pos[0] < tab.pos[0]);
}

function syntaxError(error: YAMLError, lines: TextLines): Diagnostic {
  if (/^Flow (map|sequence)\b.* end with a /.test(error.message)) return openBracket(error, lines);
  const range = firstLine(error.pos, lines);
  switch (error.code) {
    case "MULTIPLE_DOCS":
      return finding("MTL006", range, "Another YAML document begins here. Keep one experiment a file: delete this line.");
    case "RESOURCE_EXHAUSTION":
      return finding("MTL007", range, "Nested too deep; an experiment needs fewer than ten levels.");
    case "TAB_AS_INDENT":
      return finding("MTL004", range, "YAML is not indented with tabs. Use spaces.", {
        fixes: /^\t+$/.test(lines.text.slice(error.pos[0], error.pos[1]))
          ? [{ title: "Use spaces", range, replacement: "  ".repeat(error.pos[1] - error.pos[0]), preferred: true }]
          : [],
      });
    case "BAD_INDENT":
      return finding(
        "MTL004",
        range,
        "The indentation does not fit: keys of one mapping, and items of one list, begin in the same column.",
      );
    case "BLOCK_AS_IMPLICIT_KEY":
      return (
        missingColon(range.start.line, lines) ??
        finding(
          "MTL004",
          range,
          "A mapping cannot begin here, in the middle of a line. A colon is missing before it, or the text needs quotes or a line of its own.",
        )
      );
    case "MULTILINE_IMPLICIT_KEY":
      return finding("MTL004", range, "A colon is missing: this line is neither `key: value` nor a list item.");
    default:
      return finding("MTL004", range, `Not YAML: ${sentence(error.message)}`);
  }
}

/** A list or mapping in brackets that is not closed where the text goes on with less indentation, or ends. */
function openBracket({ pos: [at] }: YAMLError, lines: TextLines): Diagnostic {
  const opened = lastOpen(lines.text, at);
  const sign = opened === undefined ? undefined : lines.text.charAt(opened);
  const closing = sign === "[" ? "]" : "}";
  if (opened === undefined || lines.text.charAt(at) === closing) {
    return finding(
      "MTL004",
      firstLine([at, at + 1], lines),
      "A bracket and what is in it need more indentation than the key they belong to.",
    );
  }
  const message = `The bracket \`${sign ?? ""}\` is not closed: a \`${closing}\` is missing after it, or what is in it has too little indentation.`;
  return finding("MTL004", lines.range(opened, opened + 1), message);
}

/** Offset of the innermost bracket that is open at an offset. */
function lastOpen(text: string, end: number): number | undefined {
  const open: number[] = [];
  let offset = 0;
  for (const token of new Lexer().lex(text)) {
    // Signs of the lexer's own, which are not in the text: a document begins, a flow is broken off, a plain scalar follows.
    if (token === "\u0002" || token === "\u0018" || token === "\u001f") continue;
    if (offset >= end) break;
    if (token === "[" || token === "{") open.push(offset);
    if (token === "]" || token === "}") open.pop();
    offset += token.length;
  }
  return open.at(-1);
}

/** A line such as `training {epochs: 5}`. */
function missingColon(line: number, lines: TextLines): Diagnostic | undefined {
  const [, indent, word] = /^(\s*(?:- )?)([A-Za-z_][\w-]*)\s+[{[]/.exec(lines.line(line)) ?? [];
  if (indent === undefined || word === undefined) return undefined;
  const range = { start: { line, column: indent.length }, end: { line, column: indent.length + word.length } };
  const fix = { title: "Add the colon", range, replacement: `${word}:`, preferred: true };
  return finding("MTL004", range, `A colon is missing after \`${word}\`.`, { fixes: [fix] });
}

/** The second error of a line is nearly always an echo of the first. */
function firstOfEachLine(errors: readonly Diagnostic[]): readonly Diagnostic[] {
  const taken = new Set<number>();
  return errors.filter(({ range }) => !taken.has(range.start.line) && taken.add(range.start.line));
}

/** The parser's own words end with a place in some messages and begin in lower case in others. */
function sentence(message: string): string {
  const words = message.replace(/ at line \d+.*$/s, "").trim();
  return words.endsWith(".") ? words : `${words}.`;
}

/** Place of an error: not longer than its first line, and never past the end of the text. */
function firstLine([from, to]: readonly [number, number], lines: TextLines): TextRange {
  const start = lines.position(Math.min(from, Math.max(0, lines.text.length - 1)));
  const end = lines.position(to);
  const width = lines.line(start.line).length;
  const last = end.line === start.line ? end.column : width;
  return { start, end: { line: start.line, column: Math.min(width, Math.max(start.column + 1, last)) } };
}
