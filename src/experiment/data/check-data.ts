import { checkValue } from "../check-value.ts";
import type { Diagnostic } from "../diagnostic.ts";
import { finding, listed } from "../finding.ts";
import { nearest } from "../suggestion.ts";
import { entryOf, type Entry } from "../tree.ts";
import { dataForms, formOf } from "./data-forms.ts";
import { keysAt } from "./schema-keys.ts";

const formKeys = [...new Set(dataForms.map(({ key }) => key))];

/** Checks `data` against the form that its keys tell of. */
export function* checkData({ value, keyRange }: Entry): Generator<Diagnostic> {
  if (value.kind !== "map") {
    yield finding("MTL103", value.range, `\`data\` must be a mapping of keys: ${formWords()}.`);
    return;
  }
  const [first, second] = value.entries.filter(({ key }) => formKeys.includes(key));
  if (first !== undefined && second !== undefined && first.key !== second.key) {
    yield finding("MTL101", second.keyRange, `\`data\` takes \`${first.key}\` or \`${second.key}\`, not both. Delete one of them.`);
    return;
  }
  const allKeys = dataForms.flatMap(({ schema }) => Object.keys(schema.shape));
  const misspelt = value.entries.map(({ key }) => nearest(key, allKeys)).find((key) => key !== undefined && formKeys.includes(key));
  const hintsAtTable = entryOf(value, "inputs") !== undefined ? "file" : undefined;
  const form = formOf(first?.key ?? misspelt ?? hintsAtTable ?? "", value);
  if (form === undefined) {
    yield finding("MTL102", keyRange, `\`data\` does not say where the rows come from. Add ${formWords()}.`);
    return;
  }
  yield* checkValue(value, form.schema, {
    unknownKey: "MTL101",
    keyWord: "key",
    where: (path) => ` in \`${["data", ...path].join(".")}\``,
    keys: (path) => keysAt(form.schema, path),
    home: keyRange,
  });
}

/** `` `file` (a table, with `inputs`) or … `` */
function formWords(): string {
  return listed(
    formKeys.map(
      (key) =>
        `\`${key}\` (${listed(
          dataForms.filter((form) => form.key === key).map(({ what }) => what),
          "or",
        )})`,
    ),
    "or",
  );
}
