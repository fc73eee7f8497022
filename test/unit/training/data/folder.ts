import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A folder of its own, removed with `remove`. */
export function temporaryFolder(): { readonly path: string; write(name: string, content: string | Uint8Array): string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), "taskscope-data-"));
  return {
    path,
    write(name, content) {
      writeFileSync(join(path, name), content);
      return name;
    },
    remove() {
      rmSync(path, { recursive: true, force: true });
    },
  };
}

/** A table of `rows` rows with the columns x, kind and y = 2x + 1. */
export function smallTable(rows: number): string {
  const lines = Array.from({ length: rows }, (_, i) => `${i},${i % 3 === 0 ? "a" : "b"},${2 * i + 1}`);
  return `x,kind,y\n${lines.join("\n")}\n`;
}
