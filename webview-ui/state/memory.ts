import type { PanelState, View } from "../../src/editor/protocol.ts";

/** What the page remembers beyond run and view: settings of the views, as flat as the protocol wants them. */
export interface Memory {
  readonly xUnit: "epoch" | "step";
  readonly yScale: "per-chart" | "linear" | "log";
  /** Scales of single charts, by the chart's id, that were chosen against `yScale`. */
  readonly scales: Readonly<Record<string, "linear" | "log">>;
  /** In [0, 0.99]. */
  readonly smoothing: number;
  readonly recordedLine: boolean;
  /** Whether y axes may cut off single values far from all others. */
  readonly ignoreOutliers: boolean;
  readonly asTable: boolean;
  /** Chosen tensor of the Ownership view. */
  readonly parameter: string | null;
  /** Step the Ownership view rests at; null: follows the end. */
  readonly moment: number | null;
  /** Ids of the tasks shown, empty for all. */
  readonly tasks: readonly string[];
}

export const freshMemory: Memory = {
  xUnit: "epoch",
  yScale: "per-chart",
  scales: {},
  smoothing: 0.85,
  recordedLine: true,
  ignoreOutliers: true,
  asTable: false,
  parameter: null,
  moment: null,
  tasks: [],
};

const separator = "\n";

export function flatten({ tasks, scales, ...memory }: Memory): PanelState["page"] {
  const flatScales = Object.entries(scales).map(([chart, scale]) => `${scale} ${chart}`);
  return { ...memory, tasks: tasks.join(separator), scales: flatScales.join(separator) };
}

/** Reads what was kept; whatever is missing or strange (an older version's page) is as in a fresh one. */
export function unflatten(page: PanelState["page"]): Memory {
  const { xUnit, yScale, smoothing, recordedLine, ignoreOutliers, scales, asTable, parameter, moment, tasks } = page;
  return {
    xUnit: xUnit === "step" ? "step" : freshMemory.xUnit,
    yScale: yScale === "linear" || yScale === "log" ? yScale : freshMemory.yScale,
    scales: typeof scales === "string" ? readScales(scales) : {},
    smoothing: typeof smoothing === "number" && smoothing >= 0 && smoothing < 1 ? smoothing : freshMemory.smoothing,
    recordedLine: typeof recordedLine === "boolean" ? recordedLine : freshMemory.recordedLine,
    ignoreOutliers: typeof ignoreOutliers === "boolean" ? ignoreOutliers : freshMemory.ignoreOutliers,
    asTable: typeof asTable === "boolean" ? asTable : freshMemory.asTable,
    parameter: typeof parameter === "string" ? parameter : null,
    moment: typeof moment === "number" ? moment : null,
    tasks: typeof tasks === "string" && tasks !== "" ? tasks.split(separator) : [],
  };
}

function readScales(text: string): Memory["scales"] {
  return Object.fromEntries(
    text.split(separator).flatMap((line) => {
      const scale = (["linear", "log"] as const).find((known) => line.startsWith(`${known} `));
      return scale === undefined ? [] : [[line.slice(scale.length + 1), scale]];
    }),
  );
}

export const views: readonly View[] = ["overview", "curves", "ownership"];

/** Reads a whole kept state; null where it is none. */
export function readPanelState(kept: unknown): { readonly run: string | null; readonly view: View; readonly memory: Memory } | null {
  if (typeof kept !== "object" || kept === null || !("page" in kept) || !("view" in kept) || !("run" in kept)) return null;
  const { page, run } = kept;
  const view = views.find((known) => known === kept.view);
  if (typeof page !== "object" || page === null || view === undefined) return null;
  return { run: typeof run === "string" ? run : null, view, memory: unflatten(flatValues(page)) };
}

function flatValues(page: object): PanelState["page"] {
  const flat: Record<string, string | number | boolean | null> = {};
  const entries: [string, unknown][] = Object.entries(page);
  for (const [key, value] of entries) {
    if (typeof value === "string" || typeof value === "number" || typeof value === "boolean" || value === null) flat[key] = value;
  }
  return flat;
}
