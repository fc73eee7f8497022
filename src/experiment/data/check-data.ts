import { checkValue } from "../check-value.ts";
import type { Diagnostic } from "../diagnostic.ts";
import { finding, listed } from "../finding.ts";
import { nearest } from "../suggestion.ts";
import { entryOf, type Entry, type Tree } from "../tree.ts";
import { checkSources } from "./check-sources.ts";
import { allForms, formOf, sourceForms, type DataForm } from "./data-forms.ts";
import { keysAt } from "./schema-keys.ts";

/** Checks `data` against the form that its keys tell of. */
export function* checkData(root: Tree, data: Entry): Generator<Diagnostic> {
  const found = meantForm(data, ["data"], allForms);
  if ("code" in found) yield found;
  else if (found.key === "sources") yield* checkSources(root, checkSource);
  else yield* checkForm(data, ["data"], found);
}

/** Checks the form of one of several sources, without what it says of its tasks. */
function* checkSource(source: Entry, place: readonly string[]): Generator<Diagnostic> {
  const found = meantForm(source, place, sourceForms);
  if ("code" in found) yield found;
  else yield* checkForm(source, place, found);
}

/** The form that the keys tell of, or why none can be told. */
function meantForm({ value, keyRange }: Entry, place: readonly string[], forms: readonly DataForm[]): DataForm | Diagnostic {
  const name = place.join(".");
  if (value.kind !== "map") return finding("MTL103", value.range, `\`${name}\` must be a mapping of keys: ${formWords(forms)}.`);
  const formKeys = forms.map(({ key }) => key);
  const [first, second] = value.entries.filter(({ key }) => formKeys.includes(key));
  if (first !== undefined && second !== undefined && first.key !== second.key) {
    return finding("MTL101", second.keyRange, `\`${name}\` takes \`${first.key}\` or \`${second.key}\`, not both. Delete one of them.`);
  }
  const allKeys = forms.flatMap(({ schema }) => Object.keys(schema.shape));
  const misspelt = value.entries.map(({ key }) => nearest(key, allKeys)).find((key) => key !== undefined && formKeys.includes(key));
  const hintsAtTable = entryOf(value, "inputs") !== undefined ? "file" : undefined;
  const form = formOf(forms, first?.key ?? misspelt ?? hintsAtTable ?? "", value);
  return form ?? finding("MTL102", keyRange, `\`${name}\` does not say where the rows come from. Add ${formWords(forms)}.`);
}

function* checkForm({ value, keyRange }: Entry, place: readonly string[], { schema }: DataForm): Generator<Diagnostic> {
  yield* checkValue(value, schema, {
    unknownKey: "MTL101",
    keyWord: "key",
    where: (path) => ` in \`${[...place, ...path].join(".")}\``,
    keys: (path) => keysAt(schema, path),
    home: keyRange,
  });
}

/** `` `file` (a table, with `inputs`) or … `` */
function formWords(forms: readonly DataForm[]): string {
  const words = [...new Set(forms.map(({ key }) => key))].map((key) => {
    const meanings = forms.filter((form) => form.key === key).map(({ what }) => what);
    return `\`${key}\` (${listed(meanings, "or")})`;
  });
  return listed(words, "or");
}
