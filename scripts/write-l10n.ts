// Writes l10n/bundle.l10n.json: every text that the editor and the dashboard show, for translators to begin from.
import { globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

const root = join(import.meta.dirname, "..");
export const bundleFile = join(root, "l10n/bundle.l10n.json");

const text = String.raw`"(?:[^"\\]|\\.)*"`;
const inEditor = new RegExp(String.raw`l10n\.t\(\s*(${text})`, "g");
const inTable = new RegExp(String.raw`^  (?:\w+|"[\w-]+"):\s+(${text}),$`, "gm");

/** Files with a table of texts, one a line. */
const tables = ["webview-ui/strings.ts", "src/analysis/finding-texts.ts"];

/** The English texts in the sources, sorted: arguments of `l10n.t` in the editor, and the tables of the page and the findings. */
export function textsOfSources(): string[] {
  const editor = globSync("src/editor/**/*.ts", { cwd: root }).map((file) => readFileSync(join(root, file), "utf8"));
  const found = [
    ...editor.flatMap((source) => [...source.matchAll(inEditor)]),
    ...tables.flatMap((file) => [...readFileSync(join(root, file), "utf8").matchAll(inTable)]),
  ];
  return [...new Set(found.map(([, literal]) => z.string().parse(JSON.parse(literal ?? ""))))].sort();
}

if (process.argv[1] === import.meta.filename) {
  mkdirSync(join(root, "l10n"), { recursive: true });
  const texts = textsOfSources();
  writeFileSync(bundleFile, `${JSON.stringify(Object.fromEntries(texts.map((each) => [each, each])), null, 2)}\n`);
  console.log(`l10n/bundle.l10n.json: ${texts.length} texts`);
}
