import { once } from "node:events";
import { stripVTControlCharacters, styleText } from "node:util";

/** Results go to stdout, everything said to people to stderr; so that `taskscope … --json | jq` sees results alone. */

/** Writes a result; waits while the reader at the other end is slow. */
export async function print(text: string): Promise<void> {
  if (!process.stdout.write(text)) await once(process.stdout, "drain");
}

export function printJson(value: unknown): Promise<void> {
  return print(`${JSON.stringify(value)}\n`);
}

export function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** Whoever reads our output may stop reading (`taskscope list | head`): then there is nothing more to do, and no error. */
export function endQuietlyWithoutReader(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EPIPE") process.exit();
      throw error;
    });
  }
}

export type Tone = "bold" | "dim" | "red" | "green" | "yellow";

/** Coloured for a terminal; plain in files and pipes, and where `NO_COLOR` asks for it. */
export function toned(tone: Tone, text: string, stream: NodeJS.WriteStream = process.stdout): string {
  return colours(stream) ? styleText(tone, text, { validateStream: false }) : text;
}

function colours(stream: NodeJS.WriteStream): boolean {
  const { NO_COLOR: none, FORCE_COLOR: forced, TERM: terminal } = process.env;
  if (none !== undefined && none !== "") return false;
  if (forced !== undefined && forced !== "0") return true;
  return stream.isTTY && terminal !== "dumb";
}

/** Rows with aligned columns: the first to the left, the others to the right unless said otherwise. Cells may be toned. */
export function table(rows: readonly (readonly string[])[], align: "numbers" | "text" = "numbers"): string {
  const widths: number[] = [];
  for (const row of rows) row.forEach((cell, i) => (widths[i] = Math.max(widths[i] ?? 0, visibleLength(cell))));
  const pad = (cell: string, i: number): string => {
    const space = " ".repeat((widths[i] ?? 0) - visibleLength(cell));
    return i === 0 || align === "text" ? cell + space : space + cell;
  };
  return rows.map((row) => `${row.map(pad).join("  ").trimEnd()}\n`).join("");
}

function visibleLength(text: string): number {
  return stripVTControlCharacters(text).length;
}
