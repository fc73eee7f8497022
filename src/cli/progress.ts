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

/** A line that is written anew. It is as wide as the terminal at most, so that clearing a line clears all of it. */
class Bar implements Progress {
  #line = "";

  update(run: RunSummary, reader: RunReader): void {
    const { description } = run;
    if (description === null) return;
    const share = description.totalSteps === 0 ? 0 : run.step / description.totalSteps;
    this.#draw(barLine(share, factsOf(run, reader), process.stderr.columns > 0 ? process.stderr.columns : usualColumns));
  }

  note(text: string): void {
    const line = this.#line;
    this.#draw("");
    say(text);
    this.#draw(line);
  }

  /** The last state of the bar stays; what is said next begins on a line of its own. */
  end(): void {
    if (this.#line !== "") process.stderr.write(`\n${cursor.show}`);
    this.#line = "";
  }

  #draw(line: string): void {
    if (line === this.#line) return;
    process.stderr.write(`${line === "" ? cursor.show : cursor.hide}\r${cursor.clear}${line}`);
    this.#line = line;
  }
}

const cursor = { hide: "\u001b[?25l", show: "\u001b[?25h", clear: "\u001b[K" } as const;

/** Of a terminal that does not tell. */
const usualColumns = 80;
/** One column stays free: some terminals go on to the next line after the last one. */
const roomAtEnd = 1;
const barCells = { most: 24, least: 4 } as const;

/**
 * Bar, epoch, step, losses and speed in one line. On a narrow terminal the bar shrinks first; then go the time that is left, the
 * words, the bar itself, and at last the losses of the tasks that find no room, which are counted instead.
 */
export function barLine(share: number, { epoch, step, losses, pace, left }: Facts, columns: number): string {
  const room = columns - roomAtEnd;
  const percent = `${Math.floor(100 * Math.min(1, share))}%`;
  const [long, short] = [
    [percent, `epoch ${epoch}`, `step ${step}`, losses.length === 0 ? "" : `loss ${losses.join("  ")}`, pace],
    [percent, `ep ${epoch}`, step, losses.join(" "), pace.replace(" steps/s", "/s")],
  ];
  const texts = [[...long, left], long, short].map((parts) => parts.filter((part) => part !== "").join("  "));
  for (const text of texts) {
    const cells = Math.min(barCells.most, room - text.length - 1);
    if (cells >= barCells.least) return `${bar(share, cells)} ${text}`;
  }
  for (let kept = losses.length; kept >= 0; kept--) {
    const told = kept === losses.length ? losses : [...losses.slice(0, kept), `+${losses.length - kept}`];
    const text = [percent, `ep ${epoch}`, step, told.join(" "), pace.replace(" steps/s", "/s")].filter((part) => part !== "").join("  ");
    if (text.length <= room) return text;
  }
  return percent.slice(0, Math.max(0, room));
}

function bar(share: number, cells: number): string {
  const full = Math.round(cells * Math.min(1, share));
  return "█".repeat(full) + "░".repeat(cells - full);
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
    const { step: done, losses, pace, left } = factsOf(run, reader);
    const parts = [`epoch ${epoch}/${description.epochs}`, `step ${done}`, `loss ${losses.join("  ")}`, pace, left];
    say(parts.filter((part) => part !== "").join("  "));
  }

  note(text: string): void {
    say(text);
  }

  end(): void {
    this.#epoch = 0;
  }
}

export interface Facts {
  readonly epoch: string;
  readonly step: string;
  /** One for each task: its name and its last loss. */
  readonly losses: readonly string[];
  readonly pace: string;
  readonly left: string;
}

function factsOf(run: RunSummary, reader: RunReader): Facts {
  const { description } = run;
  if (description === null) return { epoch: "–", step: "–", losses: [], pace: "", left: "" };
  const { epochs, totalSteps, tasks } = description;
  return {
    epoch: `${Math.min(epochs, Math.floor(run.epoch) + 1)}/${epochs}`,
    step: `${formatNumber(run.step)}/${formatNumber(totalSteps)}`,
    losses: tasks.map(({ id }) => `${id} ${lossOf(reader, id)}`),
    ...paceOf(run, totalSteps),
  };
}

function lossOf(reader: RunReader, task: string): string {
  const point = reader.latest(series.loss(task));
  return point === undefined ? "–" : formatQuantity(point.value);
}

/** Mean speed since the start, which does not jump; and what that says of the time to come. */
function paceOf(run: RunSummary, totalSteps: number): Pick<Facts, "pace" | "left"> {
  const seconds = run.startedAt === null || run.heartbeatAt === null ? 0 : (run.heartbeatAt - run.startedAt) / 1000;
  if (run.step === 0 || seconds <= 0) return { pace: "", left: "" };
  const pace = run.step / seconds;
  const left = (totalSteps - run.step) / pace;
  return { pace: `${formatQuantity(pace)} steps/s`, left: left > 0 ? `${formatDuration(left)} left` : "" };
}
