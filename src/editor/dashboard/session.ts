import { terminalStatuses, type RunId, type RunSummary } from "../../runs/contract.ts";
import type { RunReader } from "../../runs/store/run-reader.ts";
import type { FromPage, PanelState, ToPage } from "../protocol.ts";
import { Feed } from "./feed.ts";
import { parseFromPage } from "./messages.ts";

/**
 * Milliseconds between two looks at a run that is shown. A look at a run without news costs next to nothing; the page draws four
 * times a second at most, and what waits there for the next drawing should be as new as can be (`npm run bench -- live` measures it).
 */
const interval = 100;
/** Lines of the log shown for a run that failed or crashed. */
const logLines = 20;

type PageCommand = Extract<FromPage, { type: "command" }>;
type Request = Extract<FromPage, { type: "get-snapshot" | "get-vector" }>;

/** What a session needs of the editor around it. */
export interface SessionSurroundings {
  /** True when the message has arrived at the page. */
  post(message: ToPage): PromiseLike<boolean>;
  /** Milliseconds since 1970. */
  now(): number;
  experiment(): { readonly name: string; readonly file: string; readonly trusted: boolean };
  /** Runs of the experiment, newest first. */
  runs(): readonly RunSummary[];
  /** Opens a run for reading; throws when its store cannot be read. */
  open(run: RunSummary): RunReader;
  /** The last lines of the trainer's log. */
  logTail(run: RunSummary, lines: number): readonly string[];
  command(command: PageCommand["command"], run: RunSummary | undefined): void;
  keep(state: PanelState): void;
  complain(message: string): void;
}

/**
 * The host's half of one dashboard. Sends what the visible page subscribed to and nothing else: whole windows first,
 * then the points that came after. A page that is hidden or reloaded starts anew with `ready`.
 */
export class DashboardSession {
  readonly #around: SessionSurroundings;
  #restore: PanelState | null;
  #ready = false;
  #lastState = "";
  #loggedRun: RunId | undefined;
  #feed: Feed | undefined;
  #refusedReading: string | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(around: SessionSurroundings, restore: PanelState | null) {
    this.#around = around;
    this.#restore = restore;
  }

  receive(message: unknown): void {
    try {
      this.#handle(parseFromPage(message));
    } catch (error) {
      this.#refuse(null, error);
    }
  }

  /** Has this state adopted by the page that is there, or by the next one that says it is ready. */
  show(state: PanelState): void {
    this.#restore = state;
    if (this.#ready) this.#sendState(state);
  }

  /** To be called when runs have appeared, gone or changed. */
  runsChanged(): void {
    if (!this.#ready) return;
    this.#sendState();
    this.#tick();
  }

  /** Hidden: the page is gone, and with it all that it asked for. */
  hide(): void {
    this.#ready = false;
    this.#unsubscribe();
  }

  dispose(): void {
    this.hide();
  }

  #handle(message: FromPage): void {
    switch (message.type) {
      case "ready":
        this.#ready = true;
        this.#lastState = "";
        this.#unsubscribe();
        this.#sendState(this.#restore);
        return;
      case "subscribe":
        this.#unsubscribe();
        if (message.subscription !== null) this.#subscribe(message.subscription);
        return;
      case "get-snapshot":
      case "get-vector":
        this.#answer(message);
        return;
      case "keep":
        this.#restore = message.state;
        this.#around.keep(message.state);
        return;
      case "command":
        this.#around.command(message.command, message.run === null ? undefined : this.#run(message.run));
        return;
    }
  }

  /** Posts what there is to know of the experiment and its runs, unless the page knows it already. */
  #sendState(restore: PanelState | null = null): void {
    const state = { experiment: this.#around.experiment(), runs: this.#around.runs() };
    const text = JSON.stringify(state);
    if (restore === null && text === this.#lastState) return;
    this.#lastState = text;
    this.#post({ type: "state", ...state, now: this.#around.now(), restore }, () => {
      this.#lastState = "";
    });
  }

  #subscribe(subscription: NonNullable<Extract<FromPage, { type: "subscribe" }>["subscription"]>): void {
    const run = this.#run(subscription.run);
    this.#feed = new Feed(subscription, this.#around.open(run), (message) => this.#around.post(message));
    this.#tick();
  }

  #unsubscribe(): void {
    clearTimeout(this.#timer);
    this.#feed?.close();
    this.#feed = undefined;
    this.#refusedReading = undefined;
    this.#loggedRun = undefined;
  }

  /** Sends what is new, and looks again soon while the run may still record or the page may lack something. */
  #tick(): void {
    clearTimeout(this.#timer);
    const feed = this.#feed;
    if (feed === undefined) return;
    const run = this.#around.runs().find(({ id }) => id === feed.run);
    if (run !== undefined) this.#sendLogTail(run);
    const again = (): void => {
      clearTimeout(this.#timer);
      if (this.#feed === feed) this.#timer = setTimeout(() => this.#tick(), interval);
    };
    feed.send().then(
      (nothingNew) => {
        this.#refusedReading = undefined;
        if (!nothingNew || this.#isActive(feed.run)) again();
      },
      (error: unknown) => {
        this.#refuseReading(feed, error);
        if (this.#isActive(feed.run)) again();
      },
    );
  }

  #isActive(id: RunId): boolean {
    const run = this.#around.runs().find((each) => each.id === id);
    return run !== undefined && !terminalStatuses.includes(run.status);
  }

  /** Says once why a run cannot be followed, however often it is tried again. */
  #refuseReading(feed: Feed, error: unknown): void {
    const text = String(error);
    if (this.#feed !== feed || text === this.#refusedReading) return;
    this.#refusedReading = text;
    this.#refuse(null, error);
  }

  /** Once for each run that the page turns to, when it failed or crashed. */
  #sendLogTail(run: RunSummary): void {
    if (this.#loggedRun === run.id || (run.status !== "failed" && run.status !== "crashed")) return;
    this.#loggedRun = run.id;
    this.#post({ type: "log-tail", run: run.id, lines: this.#around.logTail(run, logLines) }, () => {
      this.#loggedRun = undefined;
    });
  }

  #answer(request: Request): void {
    try {
      const reading = this.#feed?.run === request.run ? this.#feed.reading : this.#around.open(this.#run(request.run));
      try {
        this.#post(answerTo(request, reading));
      } finally {
        if (reading !== this.#feed?.reading) reading.close();
      }
    } catch (error) {
      this.#refuse(request.request, error);
    }
  }

  #run(id: RunId): RunSummary {
    const run = this.#around.runs().find((each) => each.id === id);
    if (run === undefined) throw new RangeError(`The run ${id} is not there any more. Choose another one.`);
    return run;
  }

  #refuse(request: number | null, error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    this.#around.complain(message);
    this.#post({ type: "refused", request, message });
  }

  /** Posts what a page that is not there asks for again by itself when it is; `lost` is told when it did not arrive. */
  #post(message: ToPage, lost: () => void = () => undefined): void {
    this.#around.post(message).then(
      (arrived) => {
        if (!arrived) lost();
      },
      (error: unknown) => {
        lost();
        this.#around.complain(`A message of type "${message.type}" did not reach the page: ${String(error)}`);
      },
    );
  }
}

function answerTo(request: Request, reading: RunReader): ToPage {
  const { run } = request;
  if (request.type === "get-vector") {
    const row = reading.vectorAt(request.series, request.step);
    if (row === undefined) throw new RangeError(`Nothing of ${request.series} was recorded up to step ${request.step}.`);
    return { type: "vector-at", request: request.request, run, update: { name: request.series, ...row } };
  }
  const found = reading.snapshot(request.parameter, request.step);
  if (found === undefined) throw new RangeError(`No map of ${request.parameter} was kept up to step ${request.step}.`);
  return { type: "snapshot", request: request.request, run, info: found.info, map: found.map };
}
