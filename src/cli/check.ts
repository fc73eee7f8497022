import { relative } from "node:path";
import type { Command } from "commander";
import type { Diagnostic } from "../experiment/diagnostic.ts";
import { checkText, type CheckedText } from "../runs/check.ts";
import { Inspector } from "../runs/inspector.ts";
import { exitCode } from "./exit.ts";
import { readExperimentFile, type ExperimentText } from "./experiment-text.ts";
import { programsBeside } from "./programs.ts";
import { print, printJson, say, toned } from "./terminal.ts";

interface CheckOptions {
  readonly json?: true;
}

/** `taskscope check FILE…`: the same findings that the editor shows. */
export function registerCheck(program: Command): void {
  program
    .command("check")
    .description("Check experiment files: what they say, the data they name, the model they describe.")
    .argument("<file...>", "experiment files (*.mtl.yaml)")
    .option("--json", "print JSON")
    .action(check);
}

async function check(files: readonly string[], { json }: CheckOptions): Promise<void> {
  const inspector = openInspector();
  try {
    const texts = await Promise.all(files.map(readExperimentFile));
    const checked: { readonly file: string; readonly diagnostics: readonly Diagnostic[] }[] = [];
    for (const text of texts) checked.push({ file: text.name, diagnostics: (await checkExperiment(text, inspector)).diagnostics });
    if (json) await printJson(checked.map(({ file, diagnostics }) => ({ file, diagnostics: diagnostics.map((each) => asRecord(each)) })));
    else for (const { file, diagnostics } of checked) await print(diagnostics.map((diagnostic) => asLine(file, diagnostic)).join(""));
    const found = checked.flatMap(({ diagnostics }) => diagnostics);
    const errors = found.filter(isError).length;
    const warnings = found.filter(({ severity }) => severity === "warning").length;
    if (!json) say(`${counted(errors, "error")}${warnings === 0 ? "" : `, ${counted(warnings, "warning")}`}.`);
    if (errors > 0) process.exitCode = exitCode.failed;
  } finally {
    inspector.dispose();
  }
}

function counted(count: number, what: string): string {
  return `${count === 0 ? "No" : count} ${what}${count === 1 ? "" : "s"}`;
}

export function openInspector(): Inspector {
  const { inspector, execPath } = programsBeside();
  return new Inspector({ entry: inspector, execPath });
}

export function checkExperiment({ text, folder }: ExperimentText, inspector: Inspector): Promise<CheckedText> {
  return checkText(text, folder, inspector);
}

export function isError({ severity }: Diagnostic): boolean {
  return severity === "error";
}

/** `file:line:column code message`, counted from 1; what is no error says so before its message. */
export function asLine(file: string, diagnostic: Diagnostic, stream: NodeJS.WriteStream = process.stdout): string {
  return `${placeText(file, diagnostic)} ${asWords(diagnostic, stream)}\n`;
}

/** The same without the place. */
export function asWords({ code, severity, message }: Diagnostic, stream: NodeJS.WriteStream): string {
  const kind = severity === "error" ? "" : `${toned("yellow", severity, stream)}: `;
  return `${toned(severity === "error" ? "red" : "yellow", code, stream)} ${kind}${message}`;
}

/** In the user's own code, where the problem is there. */
function placeText(file: string, { range, origin }: Diagnostic): string {
  if (origin !== undefined) return `${relative(process.cwd(), origin.file)}:${origin.line}:${origin.column}`;
  return `${file}:${range.start.line + 1}:${range.start.column + 1}`;
}

/** As JSON: places counted from 1, as in the text form; of what `--set` has put in (`path=value`), which is nowhere in the file, that. */
export function asRecord({ range, code, severity, message, fixes, origin }: Diagnostic, set?: string): object {
  const { start, end } = range;
  const place = { line: start.line + 1, column: start.column + 1, endLine: end.line + 1, endColumn: end.column + 1 };
  return {
    ...(set === undefined ? place : { set }),
    code,
    severity,
    message,
    fixes: fixes.map(({ title }) => title),
    ...(origin === undefined ? {} : { origin }),
  };
}
