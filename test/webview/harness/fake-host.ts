import { recentMean } from "../../../src/analysis/recent-mean.ts";
import type { FromPage, PanelState, Subscription, ToPage } from "../../../src/editor/protocol.ts";
import type { Points } from "../../../src/runs/contract.ts";
import type { RecordedRun } from "./recorded.ts";
import { scenarios } from "./scenarios.ts";

/** The extension host's side of the protocol, inside the page: answers from runs in memory and notes what it was told. */

interface Api {
  postMessage(message: FromPage): void;
  getState(): unknown;
  setState(state: PanelState): void;
}

declare global {
  var acquireVsCodeApi: () => Api;
  /** Every message of the page, for tests to look at. */
  var told: FromPage[];
  /** Sends the page anything, for tests. */
  var tellPage: (message: unknown) => void;
  /** What the page was last told of the experiment and its runs. */
  var lastState: ToPage | undefined;
  /** A real run, put there before this script. */
  var realRuns: readonly RecordedRun[] | undefined;
}

const [, name = "live", kept = ""] = location.hash.split("/").map(decodeURIComponent);
const made = scenarios[name];
const runs = globalThis.realRuns ?? (made ? made() : []);
globalThis.told = [];
globalThis.tellPage = (message) => window.postMessage(message, "*");
let state: unknown = kept === "" ? undefined : JSON.parse(kept);

globalThis.acquireVsCodeApi = () => ({
  postMessage: (message) => {
    globalThis.told.push(message);
    setTimeout(() => answer(message), 0);
  },
  getState: () => state,
  setState: (next) => {
    state = next;
  },
});

function send(message: ToPage): void {
  if (message.type === "state") globalThis.lastState = message;
  window.postMessage(message, "*");
}

function answer(message: FromPage): void {
  if (runs === null) return;
  switch (message.type) {
    case "ready":
      return send({
        type: "state",
        experiment: {
          name: runs[0]?.summary.name ?? "multi-mnist",
          file: runs[0]?.summary.experimentFile ?? "/home/someone/digits/multi-mnist.mtl.yaml",
          trusted: true,
        },
        runs: runs.map(({ summary }) => summary),
        restore: null,
      });
    case "subscribe":
      if (message.subscription) feed(message.subscription);
      return;
    case "get-snapshot": {
      const run = runOf(message.run);
      const info = run.snapshots.findLast(({ parameter, step }) => parameter === message.parameter && step <= message.step);
      if (!info) return send({ type: "refused", request: message.request, message: "no snapshot" });
      return send({
        type: "snapshot",
        request: message.request,
        run: message.run,
        info,
        map: { parameter: info.parameter, shares: run.map(info) },
      });
    }
    case "get-vector": {
      const row = vectorRow(runOf(message.run), message.series, message.step);
      if (!row) return send({ type: "refused", request: message.request, message: "not recorded" });
      return send({ type: "vector-at", request: message.request, run: message.run, update: row });
    }
    case "keep":
    case "command":
      return;
  }
}

function feed(subscription: Subscription): void {
  const run = runOf(subscription.run);
  const { scalars, vectors, events, snapshots } = run;
  send({
    type: "series-list",
    run: subscription.run,
    series: [
      ...[...scalars].map(([of, points]) => info(of, points, 1)),
      ...[...vectors].map(([of, points]) => info(of, points, points.width)),
    ],
  });
  send({
    type: "data",
    run: subscription.run,
    scalars: subscription.scalars.map((of) => {
      const { steps, values } = within(scalars.get(of) ?? { steps: new Float64Array(0), values: new Float64Array(0) }, subscription.span);
      return { name: of, mode: "replace", steps, values, reduced: false, recent: recentMean(values) };
    }),
    vectors: subscription.vectors.flatMap((of) => vectorRow(run, of, Infinity) ?? []),
    events,
    snapshots,
  });
  if (run.summary.status === "crashed" || run.summary.status === "failed")
    send({ type: "log-tail", run: subscription.run, lines: run.log });
}

function within({ steps, values }: Points, span: Subscription["span"]): Points {
  if (!span) return { steps, values };
  const inside = [...steps.keys()].filter((i) => (steps[i] ?? 0) >= span[0] && (steps[i] ?? 0) <= span[1]);
  return { steps: Float64Array.from(inside, (i) => steps[i] ?? 0), values: Float64Array.from(inside, (i) => values[i] ?? 0) };
}

function vectorRow(run: RecordedRun, of: string, step: number): Extract<ToPage, { type: "vector-at" }>["update"] | null {
  const vector = run.vectors.get(of);
  const row = vector ? vector.steps.findLastIndex((at) => at <= step) : -1;
  if (!vector || row < 0) return null;
  return {
    name: of,
    width: vector.width,
    step: vector.steps[row] ?? 0,
    values: vector.values.slice(row * vector.width, (row + 1) * vector.width),
  };
}

function info(of: string, { steps }: { readonly steps: Float64Array }, width: number) {
  return { name: of, width, points: steps.length, firstStep: steps[0] ?? 0, lastStep: steps.at(-1) ?? 0 };
}

function runOf(id: string): RecordedRun {
  const run = (runs ?? []).find(({ summary }) => summary.id === id);
  if (!run) throw new Error(`The page asked for a run that is not there: ${id}`);
  return run;
}
