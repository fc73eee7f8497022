import { readFile } from "node:fs/promises";
import { text as readText } from "node:stream/consumers";
import type { Command } from "commander";
import { z } from "zod";
import { balanceProblemSchema } from "../balancers/play-problem.ts";
import { CommandError } from "./exit.ts";
import { playBalance, type BalanceStep } from "../balancers/play.ts";

type Answer =
  { readonly method: string; readonly steps: readonly BalanceStep[] } | { readonly method: string | null; readonly error: string };

/** `taskscope balance [METHOD] --input FILE`: a method on given losses and Jacobians, to understand or verify it. */
export function registerBalance(program: Command): void {
  program
    .command("balance")
    .description("Run one balancer on given losses and Jacobians, step by step.")
    .argument("[method]", "balancer; default: the method named in the input")
    .requiredOption("--input <file>", "JSON: a problem, or an array of problems; - reads standard input")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      '\nThe input is {"method": "mgda", "options": {}, "steps": [{"losses": [1, 2], "jacobian": [[1, 0], [0, 1]]}]} or an array of such problems.',
    )
    .action(async (method: string | undefined, { input, json }: { input: string; json?: true }) => {
      const problems = await readProblems(input);
      const answers = problems.list.map((problem) => answer(problem, method));
      const failed = answers.some((result) => "error" in result);
      process.stdout.write(json ? `${JSON.stringify(problems.single ? answers[0] : answers)}\n` : answers.map(describe).join("\n"));
      if (failed) process.exitCode = 1;
    });
}

async function readProblems(file: string): Promise<{ readonly list: readonly unknown[]; readonly single: boolean }> {
  try {
    const text = file === "-" ? await readText(process.stdin) : await readFile(file, "utf8");
    const parsed: unknown = JSON.parse(text);
    return Array.isArray(parsed) ? { list: parsed, single: false } : { list: [parsed], single: true };
  } catch (error) {
    throw new CommandError(`${file} could not be read as JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** One problem's answer; a problem that makes no sense gets an error of its own and harms no other. */
function answer(raw: unknown, named: string | undefined): Answer {
  const parsed = balanceProblemSchema.safeParse(raw);
  if (!parsed.success) return { method: named ?? methodIn(raw), error: inOneLine(parsed.error) };
  const inFile = parsed.data.method;
  if (named !== undefined && inFile !== undefined && named !== inFile)
    return { method: named, error: `The command line says "${named}", and the problem says "${inFile}". Leave one out, or give the same.` };
  const method = named ?? inFile;
  if (method === undefined) return { method: null, error: 'The problem names no "method", and the command line gave none.' };
  try {
    return { method, steps: playBalance(parsed.data, method) };
  } catch (error) {
    if (error instanceof z.ZodError) return { method, error: inOneLine(error) };
    if (error instanceof RangeError) return { method, error: error.message };
    throw error;
  }
}

/** The method that a problem names which is wrong elsewhere. */
function methodIn(raw: unknown): string | null {
  return typeof raw === "object" && raw !== null && "method" in raw && typeof raw.method === "string" ? raw.method : null;
}

/** Each issue as `steps[0].jacobian[1][0]: what is wrong`. */
function inOneLine({ issues }: z.ZodError): string {
  return issues.map(({ path, message }) => (path.length === 0 ? message : `${z.core.toDotPath(path)}: ${message}`)).join("; ");
}

function describe(result: Answer): string {
  if ("error" in result) return `${result.method ?? "?"}: ${result.error}\n`;
  const rows = result.steps.map(
    ({ weights, direction, status }, step) => `  step ${step + 1}  weights ${vector(weights)}  direction ${vector(direction)}  ${status}\n`,
  );
  return `${result.method}\n${rows.join("")}`;
}

function vector(values: readonly number[] | null): string {
  return values === null ? "–" : `[${values.map((value) => Number(value.toPrecision(9))).join(", ")}]`;
}
