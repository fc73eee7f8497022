import { Command, CommanderError } from "commander";
import { RunBusyError, RunNotFoundError } from "../runs/registry.ts";
import { ResumeError } from "../runs/process/resume.ts";
import { RunFolderError } from "../runs/run-folder.ts";
import { StopError } from "../runs/process/stop.ts";
import { TrainerStartError } from "../runs/process/start-trainer.ts";
import { RunStoreError } from "../runs/store/store-error.ts";
import { InspectorError } from "../runs/inspector.ts";
import { registerBalance } from "./balance.ts";
import { registerBalancers } from "./balancers.ts";
import { registerCheck } from "./check.ts";
import { registerDelete } from "./delete.ts";
import { registerDoctor } from "./doctor.ts";
import { CommandError, exitCode } from "./exit.ts";
import { registerExport } from "./export.ts";
import { registerList } from "./list.ts";
import { registerResume } from "./resume.ts";
import { registerRun } from "./run.ts";
import { registerShow } from "./show.ts";
import { registerStop } from "./stop.ts";
import { registerTypes } from "./types.ts";
import { endQuietlyWithoutReader, say, toned } from "./terminal.ts";
import { version } from "./version.ts";

/** Runs the command line. Sets the exit code; never throws for what people can do something about. */
export async function runProgram(argv: readonly string[]): Promise<void> {
  endQuietlyWithoutReader();
  const program = new Command("taskscope")
    .description("Train one network on several tasks, balance the tasks, and see which task owns which parameter.")
    .version(version, "--version")
    .showHelpAfterError("(taskscope --help tells more)")
    .showSuggestionAfterError()
    .exitOverride();
  for (const register of commands) register(program);
  for (const command of program.commands) command.exitOverride().showHelpAfterError(`(taskscope ${command.name()} --help tells more)`);
  try {
    await program.parseAsync(argv);
  } catch (error) {
    process.exitCode = tell(error);
  }
}

const commands = [
  registerCheck,
  registerRun,
  registerResume,
  registerStop,
  registerList,
  registerShow,
  registerDelete,
  registerExport,
  registerBalancers,
  registerBalance,
  registerTypes,
  registerDoctor,
];

/** Says what went wrong in words, and gives the exit code. Only for what nobody foresaw there is a stack. */
function tell(error: unknown): number {
  // Commander has printed its message, or the help that was asked for.
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCode.done : exitCode.usage;
  if (error instanceof CommandError) return complain(error.message, error.code);
  if (error instanceof RunNotFoundError || error instanceof RunBusyError || error instanceof ResumeError)
    return complain(error.message, exitCode.usage);
  if (
    error instanceof RunStoreError ||
    error instanceof RunFolderError ||
    error instanceof TrainerStartError ||
    error instanceof StopError ||
    error instanceof InspectorError
  ) {
    return complain(error.message, exitCode.failed);
  }
  if (error instanceof Error && "code" in error && typeof error.code === "string") return complain(error.message, exitCode.failed);
  return complain(error instanceof Error ? (error.stack ?? error.message) : String(error), exitCode.failed);
}

function complain(message: string, code: number): number {
  say(`${toned("red", "error:", process.stderr)} ${message}`);
  return code;
}
