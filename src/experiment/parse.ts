import { checkParts } from "./check-parts.ts";
import { checkSense } from "./check-sense.ts";
import { checkTop } from "./check-top.ts";
import type { Diagnostic, TextRange } from "./diagnostic.ts";
import { withoutEmptySections } from "./empty-sections.ts";
import { finding, inOrder } from "./finding.ts";
import { parseYaml } from "./parse-yaml.ts";
import { experimentSchema, type Experiment } from "./schema.ts";
import { find, plainOf, type Path, type Tree } from "./tree.ts";

/** An experiment file as read: what it says, what is wrong with it, and where everything stands. */
export interface ParsedExperiment {
  /** `undefined` when there is an error. */
  readonly experiment: Experiment | undefined;
  /** All findings that need neither data nor model, in the order of the text. */
  readonly diagnostics: readonly Diagnostic[];
  /** Place of the value at a path; of what is not written, the nearest key above it. */
  rangeOf(path: Path): TextRange;
  /** Place of the key, or of the list item, at a path or nearest above it. */
  keyRangeOf(path: Path): TextRange;
  /** The parts with their places; `undefined` for a text that could not be read at all. */
  readonly tree: Tree | undefined;
}

/** Reads and checks the text of an experiment file. Any text gets an answer; nothing is thrown. */
export function parseExperiment(text: string): ParsedExperiment {
  const { tree, diagnostics: unreadable } = parseYaml(text);
  const readable = tree?.kind === "map" && !hasErrors(unreadable.filter(({ code }) => code !== "MTL005"));
  const meant = tree && withoutEmptySections(tree);
  const findings = readable && meant !== undefined ? [...checkTop(meant), ...checkParts(meant), ...checkSense(meant)] : [];
  const checked = meant === undefined || hasErrors([...unreadable, ...findings]) ? undefined : experimentSchema.safeParse(plainOf(meant));
  // The checks know all that the schema refuses; should one be missing, its refusal is told all the same.
  const refused = tree === undefined || checked?.success !== false ? [] : checked.error.issues.map((issue) => refusal(tree, issue));
  const diagnostics = inOrder([...unreadable, ...findings, ...refused]);
  const top = { start: { line: 0, column: 0 }, end: { line: 0, column: 0 } };
  return {
    experiment: checked?.data,
    diagnostics,
    rangeOf: (path) => (tree === undefined ? top : find(tree, path).range),
    keyRangeOf: (path) => (tree === undefined ? top : find(tree, path).keyRange),
    tree,
  };
}

function refusal(tree: Tree, { path, message }: { readonly path: readonly PropertyKey[]; readonly message: string }): Diagnostic {
  const place = path.map((part) => (typeof part === "symbol" ? String(part) : part));
  return finding("MTL103", find(tree, place).range, `This is not what belongs here: ${message}.`);
}

function hasErrors(diagnostics: readonly Diagnostic[]): boolean {
  return diagnostics.some(({ severity }) => severity === "error");
}
