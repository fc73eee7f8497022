import type { RunId, SeriesInfo } from "../../runs/contract.ts";
import type { RunReader } from "../../runs/store/run-reader.ts";
import type { SeriesUpdate, Subscription, ToPage, VectorUpdate } from "../protocol.ts";

/** How far a series has been sent: its last step, and the points since the last whole window. */
interface Sent {
  readonly lastStep: number;
  readonly appended: number;
}

/** Follows one open run for one subscription, and posts each thing once. */
export class Feed {
  readonly reading: RunReader;
  readonly #subscription: Subscription;
  readonly #post: (message: ToPage) => void;
  readonly #scalars = new Map<string, Sent>();
  readonly #vectors = new Map<string, number>();
  #token: number | undefined;
  #names = "";
  #lastEvent = 0;
  #lastSnapshot = 0;

  constructor(subscription: Subscription, reading: RunReader, post: (message: ToPage) => void) {
    this.#subscription = subscription;
    this.reading = reading;
    this.#post = post;
  }

  get run(): RunId {
    return this.#subscription.run;
  }

  /** Posts what was recorded since the last call; nothing when there is nothing. */
  send(): void {
    const token = this.reading.changeToken();
    if (token === this.#token) return;
    this.#token = token;
    const list = this.reading.seriesList();
    this.#sendNames(list);
    const known = new Map(list.map((info) => [info.name, info]));
    const scalars = this.#subscription.scalars.flatMap((name) => this.#scalar(known.get(name)));
    const vectors = this.#subscription.vectors.flatMap((name) => this.#vector(known.get(name)));
    const events = this.reading.events(this.#lastEvent);
    this.#lastEvent = events.at(-1)?.id ?? this.#lastEvent;
    const snapshots = this.reading.snapshots(this.#lastSnapshot);
    this.#lastSnapshot = snapshots.at(-1)?.id ?? this.#lastSnapshot;
    if (scalars.length + vectors.length + events.length + snapshots.length === 0) return;
    this.#post({ type: "data", run: this.run, scalars, vectors, events, snapshots });
  }

  close(): void {
    this.reading.close();
  }

  #sendNames(list: readonly SeriesInfo[]): void {
    const names = list.map(({ name }) => name).join("\n");
    if (names === this.#names) return;
    this.#names = names;
    this.#post({ type: "series-list", run: this.run, series: list });
  }

  #scalar(info: SeriesInfo | undefined): SeriesUpdate[] {
    if (info?.width !== 1) return [];
    const { columns, span } = this.#subscription;
    const sent = this.#scalars.get(info.name);
    if (sent === undefined) return [this.#window(info)];
    if (info.lastStep <= sent.lastStep || (span !== null && sent.lastStep >= span[1])) return [];
    if (sent.appended > columns) return [this.#window(info)];
    const { steps, values } = this.reading.after(info.name, sent.lastStep);
    const lastStep = steps.at(-1);
    if (lastStep === undefined) return [];
    this.#scalars.set(info.name, { lastStep, appended: sent.appended + steps.length });
    return [{ name: info.name, mode: "append", steps, values, reduced: false }];
  }

  /** The whole window, reduced to the page's pixels: at first, and again when many points were appended. */
  #window({ name }: SeriesInfo): SeriesUpdate {
    const { columns, span } = this.#subscription;
    const { points, reduced } = this.reading.window(name, span?.[0] ?? -Infinity, span?.[1] ?? Infinity, columns);
    this.#scalars.set(name, { lastStep: points.steps.at(-1) ?? Number.NEGATIVE_INFINITY, appended: 0 });
    return { name, mode: "replace", steps: points.steps, values: points.values, reduced };
  }

  #vector(info: SeriesInfo | undefined): VectorUpdate[] {
    if (info === undefined || this.#vectors.get(info.name) === info.lastStep) return [];
    const row = this.reading.vectorAt(info.name);
    if (row === undefined) return [];
    this.#vectors.set(info.name, row.step);
    return [{ name: info.name, ...row }];
  }
}
