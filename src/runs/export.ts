import type { RunReader } from "./store/run-reader.ts";

export type ExportFormat = "csv" | "json";

/**
 * Everything a run recorded, as pieces of text: the whole data, never a sample. `pattern` picks series by a glob in which
 * `*` stays within one part of a name, `**` goes over parts, `?` is one character and `{a,b}` one of several.
 *
 * csv: `series,step,index,value`, one line for each number; `index` counts within a vector and is empty for scalars.
 * json: `{"run", "series": [{"name", "width", "steps", "values"}], "events", "snapshots"}`; element maps as base64 of
 * `tasks × elements` bytes, 255 · rAU. Values that are not finite are the texts NaN, Infinity and -Infinity.
 */
export function exportRun(reader: RunReader, format: ExportFormat, pattern?: string): Iterable<string> {
  const chosen = pattern === undefined ? () => true : matcher(pattern);
  return format === "csv" ? csv(reader, chosen) : json(reader, chosen, pattern === undefined);
}

/** Names of the series that an export with this pattern would hold. */
export function exportedSeries(reader: RunReader, pattern?: string): string[] {
  const chosen = pattern === undefined ? () => true : matcher(pattern);
  return reader
    .seriesList()
    .map(({ name }) => name)
    .filter(chosen);
}

function* csv(reader: RunReader, chosen: (name: string) => boolean): Iterable<string> {
  yield "series,step,index,value\n";
  for (const { name, width } of reader.seriesList().filter((series) => chosen(series.name))) {
    const label = quoted(name);
    if (width === 1) {
      const { steps, values } = reader.points(name);
      yield* lines(steps.length, (i) => `${label},${steps[i]},,${values[i]}\n`);
    } else {
      const rows = reader.vectors(name);
      if (rows === undefined) continue;
      const { steps, values } = rows;
      yield* lines(values.length, (i) => `${label},${steps[Math.floor(i / width)]},${i % width},${values[i]}\n`);
    }
  }
}

/** Lines in pieces of a few thousand: fewer and larger writes. */
function* lines(count: number, line: (i: number) => string): Iterable<string> {
  const piece = 4096;
  for (let start = 0; start < count; start += piece) {
    let text = "";
    for (let i = start; i < Math.min(count, start + piece); i++) text += line(i);
    yield text;
  }
}

function* json(reader: RunReader, chosen: (name: string) => boolean, whole: boolean): Iterable<string> {
  yield `{"run":${JSON.stringify(reader.summary(), lossless)},\n"series":[`;
  let comma = "\n";
  for (const { name, width } of reader.seriesList().filter((series) => chosen(series.name))) {
    const { steps, values } = width === 1 ? reader.points(name) : (reader.vectors(name) ?? { steps: [], values: [] });
    yield `${comma}{"name":${JSON.stringify(name)},"width":${width},"steps":${numbers(steps)},"values":${numbers(values)}}`;
    comma = ",\n";
  }
  yield `\n],\n"events":${JSON.stringify(reader.events(), lossless)}`;
  if (whole) yield* snapshots(reader);
  yield "}\n";
}

function* snapshots(reader: RunReader): Iterable<string> {
  yield ',\n"snapshots":[';
  let comma = "\n";
  for (const { parameter, step, epoch } of reader.snapshots()) {
    const found = reader.snapshot(parameter, step);
    if (found === undefined) continue;
    yield `${comma}${JSON.stringify({ step, epoch, parameter, shares: Buffer.from(found.map.shares).toString("base64") })}`;
    comma = ",\n";
  }
  yield "\n]";
}

function numbers(values: ArrayLike<number>): string {
  const texts: string[] = [];
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? NaN;
    texts.push(Number.isFinite(value) ? String(value) : `"${value}"`);
  }
  return `[${texts.join(",")}]`;
}

function lossless(_key: string, value: unknown): unknown {
  return typeof value === "number" && !Number.isFinite(value) ? String(value) : value;
}

function quoted(text: string): string {
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function matcher(pattern: string): (name: string) => boolean {
  const source = pattern.replace(/\*\*|[*?{},]|[.+^$()|[\]\\]/g, (part) => glob[part] ?? `\\${part}`);
  let expression: RegExp;
  try {
    expression = new RegExp(`^${source}$`);
  } catch (error) {
    throw new RangeError(`"${pattern}" is not a pattern for series. Use *, **, ? and {a,b}.`, { cause: error });
  }
  return (name) => expression.test(name);
}

const glob: Readonly<Record<string, string>> = { "**": ".*", "*": "[^/]*", "?": "[^/]", "{": "(?:", "}": ")", ",": "|" };
