import type { CheckCode } from "./codes.ts";
import type { Diagnostic, Fix, Severity, TextRange } from "./diagnostic.ts";

/** A diagnostic with a code of the list; an error unless told otherwise. What a message quotes is cut where it is very long. */
export function finding(
  code: CheckCode,
  range: TextRange,
  message: string,
  { severity = "error", fixes = [] }: { readonly severity?: Severity; readonly fixes?: readonly Fix[] } = {},
): Diagnostic {
  return { code, severity, message: message.replace(/`([^`]{100})[^`]+`/g, "`$1…`"), range, fixes };
}

/** The repair of a misspelt word. */
export function respell(range: TextRange, word: string): Fix {
  const replacement = yamlWord(word);
  return { title: `Change to ${replacement}`, range, replacement, preferred: true };
}

/** A text as YAML writes it in any place of a file: plain where it may be, in quotes where it must. */
export function yamlWord(word: string): string {
  const plain = /^[A-Za-z_](?:[\w .()/%+-]*[\w.()/%+-])?$/.test(word) && !/^(?:true|false|null|yes|no|on|off|y|n)$/i.test(word);
  return plain ? word : JSON.stringify(word);
}

/** Words for a sentence: `a, b and c`. */
export function listed(words: readonly string[], joint: "and" | "or" = "and"): string {
  const last = words.at(-1) ?? "";
  return words.length < 2 ? last : `${words.slice(0, -1).join(", ")} ${joint} ${last}`;
}

/** A few of many names, for a message. */
export function someOf(names: readonly string[], most = 12): string {
  const shown = names.slice(0, most).join(", ");
  return names.length > most ? `${shown} and ${String(names.length - most)} more` : shown;
}

/** Diagnostics in the order of the text; what two checks say alike of one place is said once. */
export function inOrder(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  const seen = new Set<string>();
  const kept = diagnostics.filter(({ code, range, message }) => {
    const key = `${code} ${String(range.start.line)}:${String(range.start.column)} ${message}`;
    return !seen.has(key) && seen.add(key);
  });
  return kept.sort(
    (a, b) => a.range.start.line - b.range.start.line || a.range.start.column - b.range.start.column || a.code.localeCompare(b.code),
  );
}
