import { fork, type ChildProcess } from "node:child_process";
import { Socket } from "node:net";

import type { ExperimentFacts } from "../experiment/facts.ts";
import type { Experiment } from "../experiment/schema.ts";

export interface InspectorOptions {
  /** The inspector's program: `dist/inspector.cjs`, or `src/trainer/inspector.ts` with a Node that strips types. */
  readonly entry: string;
  /** The Node, or the Electron that acts as one, which runs it. */
  readonly execPath: string;
  /** Receives what the process writes, and when it starts, ends or is started again. */
  readonly log?: (line: string) => void;
  /** Whether experiments come from someone the user trusts; else no file on another computer is opened. Default: they do. */
  readonly isTrusted?: () => boolean;
  /** Milliseconds after which an answer is given up. */
  readonly timeLimit?: number;
}

/** The inspector process could not answer. What it says of an experiment's problems is not this: that is in the facts. */
export class InspectorError extends Error {
  override readonly name = "InspectorError";
}

interface Question {
  readonly id: number;
  readonly experiment: Experiment;
  readonly baseFolder: string;
  readonly resolve: (facts: ExperimentFacts) => void;
  readonly reject: (error: InspectorError) => void;
  /** How often the process ended before it had answered. */
  crashes: number;
  timer: NodeJS.Timeout | undefined;
}

/**
 * Asks the inspector process what only the data and the built model can tell of an experiment. The process is started with the
 * first question, answers one question after the other, and ends itself when it has nothing to do for a minute; the next question
 * starts it again. If it ends in the middle of a question, the question is put once more to a new process.
 */
export class Inspector {
  readonly #options: InspectorOptions;
  readonly #questions = new Map<number, Question>();
  #process: ChildProcess | undefined;
  #nextId = 1;
  #disposed = false;

  constructor(options: InspectorOptions) {
    this.#options = options;
  }

  /**
   * The facts of one experiment. Rejects with `InspectorError` when the process ends twice before it has answered, takes longer
   * than the time limit (60 s), or the inspector is disposed of.
   */
  inspect(experiment: Experiment, baseFolder: string): Promise<ExperimentFacts> {
    if (this.#disposed) return Promise.reject(new InspectorError("The inspector has been closed."));
    return new Promise((resolve, reject) => {
      const question: Question = { id: this.#nextId++, experiment, baseFolder, resolve, reject, crashes: 0, timer: undefined };
      this.#questions.set(question.id, question);
      this.#ask(question);
    });
  }

  dispose(): void {
    this.#disposed = true;
    for (const question of [...this.#questions.values()]) this.#fail(question, "The inspector has been closed.");
    this.#process?.kill();
    this.#process = undefined;
  }

  #ask(question: Question): void {
    const child = (this.#process ??= this.#start());
    const limit = this.#options.timeLimit ?? 60_000;
    clearTimeout(question.timer);
    question.timer = setTimeout(() => {
      this.#fail(question, `Reading the data took longer than ${limit / 1000} s and was given up. Is the file on a slow disk?`);
      // Whatever it does, it does not listen; the next question gets a new process.
      child.kill("SIGKILL");
    }, limit);
    const { id, experiment, baseFolder } = question;
    const trusted = this.#options.isTrusted?.() ?? true;
    child.send({ id, experiment, baseFolder, trusted }, (error) => {
      if (error !== null) this.#log(`question ${id} could not be sent: ${error.message}`);
    });
  }

  #start(): ChildProcess {
    const { entry, execPath } = this.#options;
    const child = fork(entry, [], {
      execPath,
      // The extension host is an Electron program: only with this does it act as Node. Flags of the host are not for the child.
      env: { ...process.env, ELECTRON_RUN_AS_NODE: "1" },
      execArgv: [],
      stdio: ["ignore", "pipe", "pipe", "ipc"],
      // JSON would leave out what is undefined.
      serialization: "advanced",
    });
    this.#log(`started, pid ${child.pid ?? "unknown"}`);
    child.on("message", (message) => {
      this.#receive(message);
    });
    child.on("error", (error) => {
      this.#ended(child, error.message);
    });
    child.on("exit", (code, signal) => {
      this.#ended(child, signal === null ? `exit code ${code ?? "unknown"}` : `signal ${signal}`);
    });
    // While a question is open its timer keeps this program running; after that it may end without waiting for the child.
    child.unref();
    child.channel?.unref();
    for (const output of [child.stdout, child.stderr]) {
      output?.setEncoding("utf8").on("data", (text: string) => {
        this.#log(text.trimEnd());
      });
      if (output instanceof Socket) output.unref();
    }
    return child;
  }

  #receive(message: unknown): void {
    const answer = answerOf(message);
    const question = answer === undefined ? undefined : this.#questions.get(answer.id);
    if (answer === undefined || question === undefined) return;
    if (answer.facts === undefined) {
      this.#fail(question, `The experiment could not be inspected: ${answer.error}`);
      return;
    }
    this.#settle(question);
    question.resolve(answer.facts);
  }

  #ended(child: ChildProcess, how: string): void {
    if (this.#process !== child) return;
    this.#process = undefined;
    const open = [...this.#questions.values()];
    this.#log(`ended: ${how}${open.length === 0 ? "" : `, with ${open.length} unanswered`}`);
    for (const question of open) {
      question.crashes += 1;
      if (question.crashes < 2) this.#ask(question);
      else this.#fail(question, `The process that reads data and checks the model ended twice (${how}). The log of Taskscope tells more.`);
    }
  }

  #fail(question: Question, message: string): void {
    this.#settle(question);
    question.reject(new InspectorError(message));
  }

  #settle(question: Question): void {
    clearTimeout(question.timer);
    this.#questions.delete(question.id);
  }

  #log(line: string): void {
    if (line !== "") this.#options.log?.(`inspector: ${line}`);
  }
}

type Answer =
  | { readonly id: number; readonly facts: ExperimentFacts; readonly error?: undefined }
  | { readonly id: number; readonly facts?: undefined; readonly error: string };

function answerOf(message: unknown): Answer | undefined {
  if (typeof message !== "object" || message === null || !("id" in message) || typeof message.id !== "number") return undefined;
  const { id } = message;
  if ("facts" in message && isFacts(message.facts)) return { id, facts: message.facts };
  if ("error" in message && typeof message.error === "string") return { id, error: message.error };
  return undefined;
}

/** Enough to tell facts from something else; both ends come from one build. */
function isFacts(value: unknown): value is ExperimentFacts {
  return typeof value === "object" && value !== null && "data" in value && "model" in value;
}
