import type { z } from "zod";
import type { CheckCode } from "./codes.ts";
import type { Diagnostic, Fix, TextRange } from "./diagnostic.ts";
import { finding, listed, respell, someOf, yamlWord } from "./finding.ts";
import { nearest } from "./suggestion.ts";
import { entriesOf, find, plainOf, textOf, type Found, type Path, type Tree } from "./tree.ts";

type Issue = z.core.$ZodIssue;

/** How the words of a message are chosen for one part of the file. */
export interface Subject {
  /** Code for a key that does not exist here. */
  readonly unknownKey: CheckCode;
  /** What a key is called here: `key`, `option`, `argument`. */
  readonly keyWord: string;
  /** Where: `` in `training` ``, `` of the layer `dense` ``. Given the path of the mapping. */
  where(path: Path): string;
  /** Keys that may stand in the mapping at the path. */
  keys(path: Path): readonly string[];
  /** Issues at these paths are left to a check of their own. */
  readonly leaveOut?: (path: Path) => boolean;
  /** Place of the whole part, to point at when a key is missing at its top. */
  readonly home?: TextRange;
}

/** Checks a part of the file against its schema; every problem as a diagnostic at its own place. */
export function checkValue(tree: Tree, schema: z.ZodType, subject: Subject): readonly Diagnostic[] {
  const result = schema.safeParse(plainOf(tree), { reportInput: false });
  if (result.success) return [];
  return withoutEchoes(result.error.issues.flatMap((issue) => explain(issue, [], tree, subject)));
}

/** A key that is missing because it is misspelt right there is one problem, not two. */
function withoutEchoes(problems: readonly Problem[]): readonly Diagnostic[] {
  const meant = new Set(problems.flatMap(({ meant }) => meant ?? []));
  return problems.filter(({ lacks }) => lacks === undefined || !meant.has(lacks)).map(({ diagnostic }) => diagnostic);
}

/** A diagnostic, with the full name of the key that was meant by a misspelt one, or that is missing. */
interface Problem {
  readonly diagnostic: Diagnostic;
  readonly meant?: string;
  readonly lacks?: string;
}

function explain(issue: Issue, base: Path, tree: Tree, subject: Subject): readonly Problem[] {
  const path = [...base, ...issue.path];
  if (subject.leaveOut?.(path) === true) return [];
  const place = find(tree, path);
  switch (issue.code) {
    case "unrecognized_keys":
      return issue.keys.map((key) => unknownKey(key, path, find(tree, [...path, key]), subject));
    case "invalid_key":
      return [
        {
          diagnostic: finding(
            "MTL106",
            place.keyRange,
            `\`${String(path.at(-1))}\` cannot be a name. ${sentenceOf(issue.issues[0]?.message)}`,
          ),
        },
      ];
    case "invalid_union":
      return union(issue.errors, path, tree, place, subject);
    default:
      return place.tree === undefined ? [missing(path, tree, place, subject)] : [{ diagnostic: misfit(issue, path, place, place.tree) }];
  }
}

function unknownKey(key: string, path: Path, place: Found, subject: Subject): Problem {
  const keys = subject.keys(path);
  const meant = nearest(key, keys);
  const what = `There is no ${subject.keyWord} \`${key}\`${subject.where(path)}.`;
  if (meant !== undefined) {
    const fixes = [respell(place.keyRange, meant)];
    return {
      diagnostic: finding(subject.unknownKey, place.keyRange, `${what} Did you mean \`${meant}\`?`, { fixes }),
      meant: fullName([...path, meant]),
    };
  }
  const advice = keys.length === 0 ? ` There are no ${subject.keyWord}s here: delete it.` : ` There are: ${someOf(keys)}.`;
  return { diagnostic: finding(subject.unknownKey, place.keyRange, what + advice) };
}

function missing(path: Path, tree: Tree, place: Found, subject: Subject): Problem {
  const above = path.slice(0, -1);
  const range = above.length === 0 ? (subject.home ?? place.keyRange) : find(tree, above).keyRange;
  const message = `The ${subject.keyWord} \`${String(path.at(-1))}\`${subject.where(above)} is missing. Add it.`;
  return { diagnostic: finding("MTL102", range, message), lacks: fullName(path) };
}

function fullName(path: Path): string {
  return JSON.stringify(path.map(String));
}

/** Shows what the branch that was most likely meant says; where none stands out, what all of them expect. */
function union(branches: readonly (readonly Issue[])[], path: Path, tree: Tree, place: Found, subject: Subject): readonly Problem[] {
  const written = place.tree?.kind === "scalar" ? place.tree.value : undefined;
  // A misspelt name is of the right kind where another branch takes no name at all.
  const isMisspelt = (issue: Issue): boolean =>
    issue.code === "invalid_value" && issue.values.every((value) => typeof value === typeof written);
  const inner = branches.filter((issues) => !issues.some((issue) => isOfWrongKind(issue) && !isMisspelt(issue)));
  const best = inner.toSorted((a, b) => weight(a) - weight(b))[0];
  if (best !== undefined) return best.flatMap((issue) => explain(issue, path, tree, subject));
  if (place.tree === undefined) return [missing(path, tree, place, subject)];
  const expected = branches.flatMap((issues) => issues.filter(isOfWrongKind).flatMap(expectations));
  const distinct = [...new Set(expected)];
  const instead = place.tree;
  const names = branches.flatMap((issues) => issues.flatMap((issue) => (issue.code === "invalid_value" ? issue.values.map(String) : [])));
  const meant = nearest(textOf(instead) ?? "", names);
  const hint = meant === undefined ? "" : ` Did you mean \`${meant}\`?`;
  const message = `\`${nameOf(path)}\` must be ${listed(distinct, "or")}, but ${described(instead)}.${hint}`;
  // Where single values are taken too, this one is of the wrong kind, and in brackets it would be no better.
  const takesParts = distinct.every((words) => words === kindWords("array") || words === kindWords("object"));
  const single = branches.flatMap((issues) =>
    issues.flatMap((issue) => (issue.code === "invalid_type" && issue.expected !== "array" ? retyped(issue.expected, instead) : [])),
  );
  const fixes = meant !== undefined ? [respell(instead.range, meant)] : takesParts ? retyped("array", instead) : single.slice(0, 1);
  return [{ diagnostic: finding("MTL103", place.range, message, { fixes }) }];
}

/** Whether the value as a whole is of another kind than the branch takes. */
function isOfWrongKind(issue: Issue): boolean {
  if (issue.path.length > 0) return false;
  return issue.code === "invalid_type" || issue.code === "invalid_value" || issue.code === "invalid_union";
}

function expectations(issue: Issue): readonly string[] {
  if (issue.code === "invalid_union") return issue.errors.flatMap((errors) => errors.filter(isOfWrongKind).flatMap(expectations));
  if (issue.code === "invalid_value") return [issue.values.map((value) => `\`${String(value)}\``).join(", ")];
  return issue.code === "invalid_type" ? [kindWords(issue.expected)] : [];
}

function weight(issues: readonly Issue[]): number {
  return issues.reduce((sum, issue) => sum + (issue.code === "unrecognized_keys" ? 2 * issue.keys.length : 1), 0);
}

/** A value that is there and does not fit. */
function misfit(issue: Issue, path: Path, place: Found, tree: Tree): Diagnostic {
  const name = nameOf(path);
  switch (issue.code) {
    case "invalid_type":
      return finding("MTL103", place.range, `\`${name}\` must be ${kindWords(issue.expected)}, but ${described(tree)}.`, {
        fixes: retyped(issue.expected, tree),
      });
    case "invalid_value": {
      const values = issue.values.map(String);
      // Only words are misspelt.
      const words = issue.values.filter((value) => typeof value === "string");
      const meant = tree.kind === "scalar" && tree.value !== null ? nearest(String(tree.value), words) : undefined;
      const allowed = values.length === 1 ? `\`${String(values[0])}\`` : `one of ${someOf(values, 20)}`;
      const hint = meant === undefined ? "" : ` Did you mean \`${meant}\`?`;
      return finding("MTL105", place.range, `\`${name}\` must be ${allowed}, but ${described(tree)}.${hint}`, {
        fixes: meant === undefined ? [] : [respell(place.range, meant)],
      });
    }
    case "too_small":
      return finding("MTL104", place.range, tooSmall(name, issue, tree), { fixes: bounded(issue.minimum, issue.inclusive, tree) });
    case "too_big":
      return finding("MTL104", place.range, tooBig(name, issue, tree), { fixes: bounded(issue.maximum, issue.inclusive, tree) });
    case "invalid_format":
      return finding(
        "MTL106",
        place.range,
        `\`${name}\` cannot be \`${String(plainOf(tree)).slice(0, 60)}\`. ${sentenceOf(issue.message)}`,
      );
    default:
      return finding("MTL109", place.range, `\`${name}\` does not fit: ${sentenceOf(issue.message)}`);
  }
}

function tooSmall(name: string, issue: z.core.$ZodIssueTooSmall, tree: Tree): string {
  const least = String(issue.minimum);
  if (issue.origin === "string") return `\`${name}\` is empty. Give it a text.`;
  if (issue.origin === "array")
    return `\`${name}\` needs at least ${least} ${issue.minimum === 1 ? "entry" : "entries"}, but ${described(tree)}.`;
  return `\`${name}\` must be ${issue.inclusive === false ? "above" : "at least"} ${least}, but ${described(tree)}.`;
}

function tooBig(name: string, issue: z.core.$ZodIssueTooBig, tree: Tree): string {
  const most = String(issue.maximum);
  if (issue.origin === "array")
    return `\`${name}\` takes at most ${most} ${issue.maximum === 1 ? "entry" : "entries"}, but ${described(tree)}.`;
  return `\`${name}\` must be ${issue.inclusive === false ? "below" : "at most"} ${most}, but ${described(tree)}.`;
}

/** The nearest allowed number, where there is a nearest. */
function bounded(bound: number | bigint, inclusive: boolean | undefined, tree: Tree): readonly Fix[] {
  if (tree.kind !== "scalar" || typeof tree.value !== "number" || inclusive === false) return [];
  return [{ title: `Set to ${String(bound)}`, range: tree.range, replacement: String(bound), preferred: false }];
}

/** A value that is right but for how it is written: quotes too many or too few, or the brackets of a list of one. */
function retyped(expected: string, tree: Tree): readonly Fix[] {
  if (tree.kind !== "scalar" || tree.value === null) return [];
  const replacement = rewritten(expected, tree.value, tree.source);
  return replacement === undefined ? [] : [{ title: `Change to ${replacement}`, range: tree.range, replacement, preferred: true }];
}

function rewritten(expected: string, value: string | number | boolean, source: string): string | undefined {
  if (expected === "array") return `[${typeof value === "string" ? yamlWord(value) : source}]`;
  if (typeof value !== "string") return expected === "string" ? JSON.stringify(source) : undefined;
  const text = value.trim();
  if (expected === "boolean") {
    const truth = /^(?:(yes|on|true)|no|off|false)$/i.exec(text);
    return truth === null ? undefined : String(truth[1] !== undefined);
  }
  const isNumber = (expected === "number" || expected === "int") && /^[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?$/i.test(text);
  return isNumber ? text : undefined;
}

function kindWords(expected: string): string {
  const words: Readonly<Record<string, string>> = {
    string: "a text",
    number: "a number",
    int: "a whole number",
    boolean: "`true` or `false`",
    array: "a list",
    tuple: "a list",
    object: "a mapping of keys",
    record: "a mapping of keys",
    null: "empty",
  };
  return words[expected] ?? expected;
}

/** The rest of a sentence: what is there instead. */
function described(tree: Tree): string {
  if (tree.kind === "list") return tree.items.length === 0 ? "the list is empty" : `is a list of ${String(tree.items.length)}`;
  if (tree.kind === "map") return entriesOf(tree).length === 0 ? "is an empty mapping" : "is a mapping of keys";
  if (tree.value === null) return "nothing is given";
  if (typeof tree.value === "string") return `is the text ${JSON.stringify(tree.value.slice(0, 60))}`;
  return `is ${tree.source === "" ? String(tree.value) : tree.source.slice(0, 60)}`;
}

/** The last name in a path, with the position in a list after it. */
export function nameOf(path: Path): string {
  const last = path.findLastIndex((step) => typeof step === "string");
  const positions = path.slice(last + 1).map((step) => `[${String(step)}]`);
  return last < 0 ? positions.join("") || "the value" : `${String(path[last])}${positions.join("")}`;
}

function sentenceOf(message: string | undefined): string {
  if (message === undefined || message === "") return "The value is not allowed here.";
  return message.endsWith(".") ? message : `${message}.`;
}
