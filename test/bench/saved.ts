import { writeFileSync } from "node:fs";

/** Writes a benchmark's facts and its results, one a line, so that a diff shows which changed. */
export function save(file: string, facts: Readonly<Record<string, unknown>>, results: readonly unknown[]): void {
  const head = JSON.stringify(facts, null, 1).replace(/\n\}$/, "");
  writeFileSync(file, `${head},\n "results": [\n${results.map((line) => `  ${JSON.stringify(line)}`).join(",\n")}\n ]\n}\n`);
}
