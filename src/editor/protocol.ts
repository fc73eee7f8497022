import type { OwnershipMap } from "../experiment/record.ts";
import type { RecordedEvent, RunId, RunSummary, SeriesInfo, SnapshotInfo } from "../runs/contract.ts";

/**
 * Messages between the extension host and the dashboard page. Every message is parsed at the receiving side; one that
 * does not fit is refused and logged. The page asks for what it shows; the host sends nothing else, and only while the
 * page is visible. Steps and values travel as typed arrays, all of a message in one buffer.
 */

export type View = "overview" | "curves" | "ownership";

/** What the page keeps over a reload (webview state), and the host gets back to restore the panel. */
export interface PanelState {
  readonly experimentFile: string;
  readonly run: RunId | null;
  readonly view: View;
  /** The page's own memory: smoothing, axis, chosen tensor, … Opaque to the host. */
  readonly page: Readonly<Record<string, string | number | boolean | null>>;
}

/** What a visible page wants to be kept up to date with. A new one replaces the old one. */
export interface Subscription {
  readonly run: RunId;
  /** Scalar series by exact name. */
  readonly scalars: readonly string[];
  /** Vector series: only their latest row is sent. */
  readonly vectors: readonly string[];
  /** Pixel columns to reduce to. */
  readonly columns: number;
  /** Span of steps, or all. */
  readonly span: readonly [from: number, to: number] | null;
}

/** Points of one scalar series. `replace`: the whole reduced window; `append`: points after those sent before. */
export interface SeriesUpdate {
  readonly name: string;
  readonly mode: "replace" | "append";
  readonly steps: Float64Array;
  readonly values: Float64Array;
  readonly reduced: boolean;
  /** Mean of the last recorded points (`recentMean`), whatever was left out of the window; null where none is finite. */
  readonly recent: number | null;
}

export interface VectorUpdate {
  readonly name: string;
  readonly width: number;
  readonly step: number;
  readonly values: Float32Array;
}

export type ToPage =
  | {
      readonly type: "state";
      /** Title of the experiment, e.g. its name. */
      readonly experiment: { readonly name: string; readonly file: string; readonly trusted: boolean };
      /** The host's clock, milliseconds since 1970: the page may run on another machine, and judges heartbeats by it. */
      readonly now?: number;
      /** Runs of this experiment, newest first. */
      readonly runs: readonly RunSummary[];
      /** What the page kept before it was made anew, or another state that the host wants it to show; else null. */
      readonly restore: PanelState | null;
    }
  | { readonly type: "series-list"; readonly run: RunId; readonly series: readonly SeriesInfo[] }
  | {
      readonly type: "data";
      readonly run: RunId;
      readonly scalars: readonly SeriesUpdate[];
      readonly vectors: readonly VectorUpdate[];
      readonly events: readonly RecordedEvent[];
      readonly snapshots: readonly SnapshotInfo[];
    }
  | { readonly type: "snapshot"; readonly request: number; readonly run: RunId; readonly info: SnapshotInfo; readonly map: OwnershipMap }
  | { readonly type: "vector-at"; readonly request: number; readonly run: RunId; readonly update: VectorUpdate }
  | { readonly type: "log-tail"; readonly run: RunId; readonly lines: readonly string[] }
  /** Where a request could not be answered; shown in the page. */
  | { readonly type: "refused"; readonly request: number | null; readonly message: string };

export type FromPage =
  | { readonly type: "ready" }
  | { readonly type: "subscribe"; readonly subscription: Subscription | null }
  /** Latest snapshot at or before `step`. */
  | { readonly type: "get-snapshot"; readonly request: number; readonly run: RunId; readonly parameter: string; readonly step: number }
  /** Row of a vector series at or before `step`. */
  | { readonly type: "get-vector"; readonly request: number; readonly run: RunId; readonly series: string; readonly step: number }
  | { readonly type: "keep"; readonly state: PanelState }
  | { readonly type: "command"; readonly command: "run" | "stop" | "stop-now" | "show-log" | "open-config"; readonly run: RunId | null };
