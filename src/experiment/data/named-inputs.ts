import { z } from "zod";

/** Name of the only input where an experiment lists its columns without names. */
export const soleInput = "table";

/** What `inputs` may be: a list, which is one input, or several inputs by name, each a list or a single entry. */
export type Inputs<Entry> = readonly Entry[] | Readonly<Record<string, Entry | readonly Entry[]>>;

/** An input of the network with what it is made of, in the order of the file. */
export interface NamedInput<Entry> {
  readonly name: string;
  readonly entries: readonly InputEntry<Entry>[];
}

export interface InputEntry<Entry> {
  readonly entry: Entry;
  /** Where it stands below `inputs`: `[2]`, `["where", 0]`, or `["where"]` for a single entry. */
  readonly path: readonly (string | number)[];
}

/** The schema of `inputs` whose entries, such as names of columns, have the given one. An entry is no list. */
export function inputsSchema<Entry extends z.ZodType>(entry: Entry) {
  const list = z.array(entry).min(1);
  const name = z.string().regex(/^[A-Za-z_][\w-]*$/, "Use letters, digits, _ and -, beginning with a letter or _.");
  const named = z
    .record(name, z.union([list.describe("What the input is made of, in this order."), entry]))
    .refine((inputs) => Object.keys(inputs).length > 0, "Name at least one input.");
  return z.union([list, named]);
}

/** The inputs that are meant, each with its entries and their places. A list is the one input `table`. */
export function namedInputs<Entry>(inputs: Inputs<Entry>): readonly NamedInput<Entry>[] {
  if (isList(inputs)) return [{ name: soleInput, entries: entriesIn(inputs, []) }];
  return Object.entries(inputs).map(([name, given]) => ({
    name,
    entries: isList(given) ? entriesIn(given, [name]) : [{ entry: given, path: [name] }],
  }));
}

function entriesIn<Entry>(list: readonly Entry[], path: readonly string[]): readonly InputEntry<Entry>[] {
  return list.map((entry, index) => ({ entry, path: [...path, index] }));
}

/** `Array.isArray` loses the type of a read-only list. */
function isList<Entry>(given: Entry | readonly Entry[] | Inputs<Entry>): given is readonly Entry[] {
  return Array.isArray(given);
}
