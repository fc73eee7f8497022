import { recentMean, recentPoints } from "../../analysis/recent-mean.ts";
import type { RunId, SeriesInfo } from "../../runs/contract.ts";
import type { RunReader } from "../../runs/store/run-reader.ts";
import type { SeriesUpdate, Subscription, ToPage, VectorUpdate } from "../protocol.ts";
import { inOneBuffer } from "./shared-buffer.ts";

/** How far a series is known to the page: the last step looked at, the points since the last whole window, the last values. */
interface Sent {
  readonly through: number;
  readonly appended: number;
  readonly tail: readonly number[];
}

/** What the page has of a run. */
interface Position {
  readonly token: number | undefined;
  readonly names: string;
  readonly scalars: ReadonlyMap<string, Sent>;
  readonly vectors: ReadonlyMap<string, number>;
  readonly lastEvent: number;
  readonly lastSnapshot: number;
}

const beginning: Position = { token: undefined, names: "", scalars: new Map(), vectors: new Map(), lastEvent: 0, lastSnapshot: 0 };

/** An update of a series, if there is one, and how far the page knows the series with it. */
interface Step<Update, Known> {
  readonly update?: Update;
  readonly known: Known;
}

/** Delivers a message; true when it has arrived at the page. */
export type Post = (message: ToPage) => PromiseLike<boolean>;

/**
 * Follows one open run for one subscription. What was posted counts as sent only when it has arrived: a message that
 * did not is made anew from the store, so that the page misses no point.
 */
export class Feed {
  readonly reading: RunReader;
  readonly #subscription: Subscription;
  readonly #post: Post;
  #position: Position = beginning;
  #sending: Promise<boolean> | undefined;

  constructor(subscription: Subscription, reading: RunReader, post: Post) {
    this.#subscription = subscription;
    this.reading = reading;
    this.#post = post;
  }

  get run(): RunId {
    return this.#subscription.run;
  }

  /**
   * Posts what was recorded since what has arrived, one thing at a time. True when there was nothing to post: only then
   * does the page have all that is recorded by now. Rejects when the run cannot be read or the page cannot be reached.
   */
  send(): Promise<boolean> {
    this.#sending ??= this.#sendNew().finally(() => {
      this.#sending = undefined;
    });
    return this.#sending;
  }

  close(): void {
    this.reading.close();
  }

  async #sendNew(): Promise<boolean> {
    const token = this.reading.changeToken();
    if (token === this.#position.token) return true;
    const { messages, position } = this.#messages(token);
    const arrived = await Promise.all(messages.map((message) => this.#post(message)));
    if (arrived.every(Boolean)) this.#position = position;
    return messages.length === 0;
  }

  /** What the page lacks, and what it has once that arrived. */
  #messages(token: number): { readonly messages: ToPage[]; readonly position: Position } {
    const events = this.reading.events(this.#position.lastEvent);
    // A run that was resumed recorded its last steps anew: the page gets whole windows again.
    if (events.some(({ kind, detail }) => kind === "state" && detail?.["resumed"] === true)) {
      this.#position = { ...beginning, lastEvent: this.#position.lastEvent };
    }
    const list = this.reading.seriesList();
    const names = list.map(({ name }) => name).join("\n");
    const known = new Map(list.map((info) => [info.name, info]));
    const wanted = (of: readonly string[]): SeriesInfo[] => of.flatMap((name) => known.get(name) ?? []);
    const scalars = wanted(this.#subscription.scalars)
      .filter(({ width }) => width === 1)
      .map((info) => [info.name, this.#scalar(info)] as const);
    const vectors = wanted(this.#subscription.vectors).map((info) => [info.name, this.#vector(info)] as const);
    const snapshots = this.reading.snapshots(this.#position.lastSnapshot);
    const data = {
      ...inOneBuffer({
        scalars: scalars.flatMap(([, { update }]) => update ?? []),
        vectors: vectors.flatMap(([, { update }]) => update ?? []),
      }),
      events,
      snapshots,
    };
    const messages: ToPage[] = [];
    if (names !== this.#position.names) messages.push({ type: "series-list", run: this.run, series: list });
    if (Object.values(data).some(({ length }) => length > 0)) messages.push({ type: "data", run: this.run, ...data });
    const position: Position = {
      token,
      names,
      scalars: new Map(scalars.map(([name, { known: now }]) => [name, now])),
      vectors: new Map(vectors.map(([name, { known: now }]) => [name, now])),
      lastEvent: events.at(-1)?.id ?? this.#position.lastEvent,
      lastSnapshot: snapshots.at(-1)?.id ?? this.#position.lastSnapshot,
    };
    return { messages, position };
  }

  #scalar(info: SeriesInfo): Step<SeriesUpdate, Sent> {
    const { columns, span } = this.#subscription;
    const [low, high] = span ?? [-Infinity, Infinity];
    const sent = this.#position.scalars.get(info.name);
    if (sent === undefined) return this.#window(info);
    if (info.lastStep <= sent.through || sent.through >= high) return { known: sent };
    if (sent.appended > columns) return this.#window(info);
    const { name } = info;
    const { steps, values } = sent.through < low ? this.reading.points(name, low, high) : this.reading.after(name, sent.through, high);
    const tail = [...sent.tail, ...values.subarray(-recentPoints)].slice(-recentPoints);
    const known = { through: throughOf(info, steps), appended: sent.appended + steps.length, tail };
    return steps.length === 0
      ? { known }
      : { update: { name, mode: "append", steps, values, reduced: false, recent: recentMean(tail) }, known };
  }

  /** The whole window, reduced to the page's pixels: at first, and again when many points were appended. */
  #window(info: SeriesInfo): Step<SeriesUpdate, Sent> {
    const { columns, span } = this.#subscription;
    const { name } = info;
    const [low, high] = span ?? [-Infinity, Infinity];
    const { points, reduced } = this.reading.window(name, low, high, columns);
    const through = throughOf(info, points.steps);
    // A reduced window keeps extremes: what is computed from it differs from what the recorded points give.
    const last = reduced || span !== null ? this.reading.tail(name, recentPoints, Math.min(high, through)).values : points.values;
    const tail = [...last.subarray(-recentPoints)];
    return {
      update: { name, mode: "replace", steps: points.steps, values: points.values, reduced, recent: recentMean(tail) },
      known: { through, appended: 0, tail },
    };
  }

  #vector({ name, lastStep }: SeriesInfo): Step<VectorUpdate, number> {
    if (this.#position.vectors.get(name) === lastStep) return { known: lastStep };
    const row = this.reading.vectorAt(name);
    return row === undefined ? { known: lastStep } : { update: { name, ...row }, known: row.step };
  }
}

/** The step up to which a series was looked at: the store may have grown between the list and the points. */
function throughOf({ lastStep }: SeriesInfo, steps: Float64Array): number {
  return Math.max(lastStep, steps.at(-1) ?? lastStep);
}
