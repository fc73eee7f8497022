/** What is wrong with a command line, in a sentence. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** Options of a benchmark by name: what its value looks like, nothing for a switch, and what it is for. */
export type Options = Readonly<Record<string, { readonly value?: string; readonly text: string }>>;

/** Runs a benchmark. `--help` tells its options; what is wrong with the command line is told in a sentence, with exit code 2. */
export async function asProgram(options: Options, argv: readonly string[], run: () => void | Promise<void>): Promise<void> {
  if (argv.includes("--help")) {
    process.stdout.write(helpOf(options));
    return;
  }
  try {
    requireKnown(options, argv);
    await run();
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 2;
  }
}

/** Throws `UsageError` for an option that there is not. */
export function requireKnown(options: Options, argv: readonly string[]): void {
  const unknown = argv.find((argument) => argument.startsWith("--") && !(argument.slice(2) in options));
  if (unknown === undefined) return;
  throw new UsageError(`There is no option ${unknown}; there are ${Object.keys(options).map((name) => `--${name}`).join(", ")}.`); // prettier-ignore
}

/** A line for each option. */
export function helpOf(options: Options): string {
  const rows = Object.entries(options).map(
    ([name, { value, text }]) => [`--${name}${value === undefined ? "" : ` ${value}`}`, text] as const,
  );
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, text]) => `  ${left.padEnd(width)}  ${text}\n`).join("");
}

/** `--name value` of a benchmark; undefined where it was not given. */
export function option(argv: readonly string[], name: string): string | undefined {
  const at = argv.indexOf(`--${name}`);
  if (at < 0) return undefined;
  const value = argv[at + 1];
  if (value === undefined || value.startsWith("--")) throw new UsageError(`--${name} needs a value.`);
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
  if (!(value > 0)) throw new UsageError(`--${name} must be a number above 0, and is "${text ?? ""}".`);
  return value;
}
