/** `--name value` of a benchmark; undefined where it was not given. */
export function option(argv: readonly string[], name: string): string | undefined {
  const at = argv.indexOf(`--${name}`);
  if (at < 0) return undefined;
  const value = argv[at + 1];
  if (value === undefined || value.startsWith("--")) throw new Error(`--${name} needs a value.`);
  return value;
}

/** `--name a,b,c`. */
export function listOption(argv: readonly string[], name: string, fallback: readonly string[]): readonly string[] {
  return option(argv, name)?.split(",") ?? fallback;
}

/** `--name 4`, above 0. */
export function numberOption(argv: readonly string[], name: string, fallback: number): number {
  const text = option(argv, name);
  const value = text === undefined ? fallback : Number(text);
  if (!(value > 0)) throw new Error(`--${name} must be a number above 0, and is "${text ?? ""}".`);
  return value;
}
