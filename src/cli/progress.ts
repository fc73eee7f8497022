import cliProgress from "cli-progress";
import { formatDuration, formatNumber, formatQuantity } from "../analysis/format.ts";
import { series } from "../experiment/record.ts";
import type { RunSummary } from "../runs/contract.ts";
import type { RunReader } from "../runs/store/run-reader.ts";
import { say } from "./terminal.ts";

/** Shows people how a run is getting on. */
export interface Progress {
  /** Something was recorded. */
  update(run: RunSummary, reader: RunReader): void;
  /** Says something without harming the bar. */
  note(text: string): void;
  end(): void;
}

/** A bar on a terminal, a line each epoch elsewhere. */
export function openProgress(): Progress {
  return process.stderr.isTTY ? new Bar() : new Lines();
}

class Bar implements Progress {
  readonly #bar = new cliProgress.SingleBar({
    format: "{bar} {percentage}%  epoch {epoch}  step {step}  {losses}  {pace}",
    barsize: 24,
    barCompleteChar: "█",
    barIncompleteChar: "░",
    stream: process.stderr,
    hideCursor: true,
    clearOnComplete: false,
    gracefulExit: false,
    linewrap: false,
  });
  #started = false;

  update(run: RunSummary, reader: RunReader): void {
    const { description } = run;
    if (description === null) return;
    if (!this.#started) this.#bar.start(description.totalSteps, 0, factsOf(run, reader));
    this.#started = true;
    this.#bar.update(run.step, factsOf(run, reader));
  }

  note(text: string): void {
    // The bar's line is left as it is, and drawn again below the text.
    if (this.#started) process.stderr.write("\r\u001b[K");
    say(text);
  }

  end(): void {
    this.#bar.stop();
  }
}

/** The least time between two lines where there is no terminal. */
const lineEveryMs = 1_000;

class Lines implements Progress {
  #epoch = 0;
  #saidAt = -Infinity;

  update(run: RunSummary, reader: RunReader): void {
    const { description, step } = run;
    const epoch = Math.floor(run.epoch);
    if (description === null || epoch === this.#epoch) return;
    const now = performance.now();
    // Short epochs would fill a log; the last one is always told.
    if (step < description.totalSteps && now - this.#saidAt < lineEveryMs) return;
    this.#epoch = epoch;
    this.#saidAt = now;
    const facts = factsOf(run, reader);
    say(`epoch ${epoch}/${description.epochs}  step ${facts.step}  ${facts.losses}  ${facts.pace}`.trimEnd());
  }

  note(text: string): void {
    say(text);
  }

  end(): void {
    this.#epoch = 0;
  }
}

interface Facts {
  readonly epoch: string;
  readonly step: string;
  readonly losses: string;
  readonly pace: string;
}

function factsOf(run: RunSummary, reader: RunReader): Facts {
  const { description } = run;
  if (description === null) return { epoch: "–", step: "–", losses: "", pace: "" };
  const { epochs, totalSteps, tasks } = description;
  const losses = tasks.map(({ id }) => `${id} ${lossOf(reader, id)}`).join("  ");
  return {
    epoch: `${Math.min(epochs, Math.floor(run.epoch) + 1)}/${epochs}`,
    step: `${formatNumber(run.step)}/${formatNumber(totalSteps)}`,
    losses: `loss ${losses}`,
    pace: paceOf(run, totalSteps),
  };
}

function lossOf(reader: RunReader, task: string): string {
  const point = reader.latest(series.loss(task));
  return point === undefined ? "–" : formatQuantity(point.value);
}

/** Mean speed since the start, which does not jump; and what that says of the time to come. */
function paceOf(run: RunSummary, totalSteps: number): string {
  const seconds = run.startedAt === null || run.heartbeatAt === null ? 0 : (run.heartbeatAt - run.startedAt) / 1000;
  if (run.step === 0 || seconds <= 0) return "";
  const pace = run.step / seconds;
  const left = (totalSteps - run.step) / pace;
  return `${formatQuantity(pace)} steps/s${left > 0 ? `  ${formatDuration(left)} left` : ""}`;
}
