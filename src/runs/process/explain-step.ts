import { fork, type ChildProcess } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { stepExplanation, type StepExplanation } from "../../experiment/step-explanation.ts";

/** Thrown where the experiment's step cannot be explained, with the sentence that a run of it would end with. */
export class ExplainError extends Error {
  override readonly name = "ExplainError";
}

/** What the trainer is asked: `folder` is empty, and gone when it has answered. */
export const explainQuestion = z.object({ config: z.string(), experimentFile: z.string(), workspace: z.string(), folder: z.string() });
export type ExplainQuestion = z.infer<typeof explainQuestion>;

/** What it answers. */
const explainAnswer = z.union([z.object({ explanation: stepExplanation }), z.object({ reason: z.string() })]);
export type ExplainAnswer = z.infer<typeof explainAnswer>;

export interface ExplainOptions {
  /** The trainer's program, and the Node that runs it. */
  readonly entry: string;
  readonly execPath: string;
  /** Receives what the user's own code prints. */
  readonly print: (text: string) => void;
}

/** Has the trainer's process make a few steps of an experiment, of which nothing is recorded. Throws `ExplainError`. */
export async function explainStep(
  question: Omit<ExplainQuestion, "folder">,
  { entry, execPath, print }: ExplainOptions,
): Promise<StepExplanation> {
  const folder = await mkdtemp(join(tmpdir(), "taskscope-step-"));
  const child = fork(entry, ["--explain-step"], {
    execPath,
    env: { ...process.env, ELECTRON_RUN_AS_NODE: "1" },
    execArgv: [],
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  child.stdout?.setEncoding("utf8").on("data", print);
  try {
    const answer = await answerOf(child, { ...question, folder });
    if ("reason" in answer) throw new ExplainError(answer.reason);
    return answer.explanation;
  } finally {
    child.kill("SIGKILL");
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

function answerOf(child: ChildProcess, question: ExplainQuestion): Promise<ExplainAnswer> {
  let [said, answer] = ["", undefined as ExplainAnswer | undefined];
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (said = `${said}${text}`.slice(-5000)));
  return new Promise((resolve, reject) => {
    child.once("error", (error) => reject(new ExplainError(`The trainer could not be started: ${error.message}.`)));
    child.once("message", (message) => {
      const parsed = explainAnswer.safeParse(message);
      if (parsed.success) answer = parsed.data;
    });
    // After its output, which may say why it ended.
    child.once("close", (code, signal) => {
      if (answer !== undefined) resolve(answer);
      else
        reject(
          new ExplainError(`The trainer ended before it had answered (${signal ?? `exit code ${code ?? "unknown"}`}).${lastWords(said)}`),
        );
    });
    child.send(question, (error) => {
      if (error !== null) said += error.message;
    });
  });
}

function lastWords(said: string): string {
  const last = said.trim();
  return last === "" ? "" : ` It said:\n${last}`;
}
