import type { Diagnostic } from "./diagnostic.ts";
import { finding } from "./finding.ts";
import { datePartNames } from "./table-inputs.ts";
import { entryOf, itemsOf, textOf, valueOf, type Entry, type Tree } from "./tree.ts";

/** How a column of a table is encoded: options that have no effect beside it. */
export function* checkInputs(data: Tree | undefined): Generator<Diagnostic> {
  for (const input of inputLists(valueOf(data, "inputs")).flat()) if (input.kind === "map") yield* checkInput(input);
}

/** Entries of each input: a list is one input, a mapping has several by name, each a list or a single entry. */
export function inputLists(inputs: Tree | undefined): readonly (readonly Tree[])[] {
  if (inputs?.kind !== "map") return [itemsOf(inputs)];
  return inputs.entries.map(({ value }) => (value.kind === "list" ? value.items : [value]));
}

/** The column that an entry of `data.inputs` names. */
export function columnOf(input: Tree): string | undefined {
  return textOf(input) ?? textOf(valueOf(input, "column"));
}

function* checkInput(input: Tree): Generator<Diagnostic> {
  const encode = valueOf(input, "encode");
  const parts = itemsOf(encode).flatMap((item) => textOf(item) ?? []);
  const isDate = encode?.kind === "list";
  const isCategory = ["one-hot", "embedding"].includes(textOf(encode) ?? "");
  const isCyclic = plain(entryOf(input, "cyclic")) !== false;
  const size = entryOf(input, "size");
  if (size !== undefined && textOf(encode) !== "embedding") {
    yield idle(size, "is the length of an embedding's vectors: add `encode: embedding`, or delete it");
  }
  const cyclic = entryOf(input, "cyclic");
  if (cyclic !== undefined && !isDate) {
    yield idle(cyclic, `is for parts of a date: add e.g. \`encode: [${datePartNames[1]}, ${datePartNames[3]}]\`, or delete it`);
  }
  const scale = entryOf(input, "scale");
  if (scale === undefined) return;
  if (isCategory) yield idle(scale, "is for numbers, and this column enters as categories: delete it");
  const onlyCycles = isDate && isCyclic && parts.every((part) => part !== "year");
  if (onlyCycles) yield idle(scale, "is for numbers, and these parts enter as sine and cosine: delete it, or add `cyclic: false`");
}

function idle(entry: Entry, why: string): Diagnostic {
  return finding("MTL240", entry.keyRange, `\`${entry.key}\` ${why}.`, { severity: "warning" });
}

function plain(entry: Entry | undefined): unknown {
  return entry?.value.kind === "scalar" ? entry.value.value : undefined;
}
