import { existsSync } from "node:fs";
import { join } from "node:path";

/** The programs that this command starts: beside it in the bundle, or their sources, which Node runs as they are. */
export interface Programs {
  readonly trainer: string;
  readonly inspector: string;
  readonly execPath: string;
}

export function programsBeside(folder: string = import.meta.dirname): Programs {
  const bundled = existsSync(join(folder, "trainer.cjs"));
  const place = (name: string, source: string): string => (bundled ? join(folder, `${name}.cjs`) : join(folder, "..", "trainer", source));
  return { trainer: place("trainer", "main.ts"), inspector: place("inspector", "inspector.ts"), execPath: process.execPath };
}
