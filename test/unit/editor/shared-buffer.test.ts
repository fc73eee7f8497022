import { expect, test } from "vitest";
import { Feed } from "../../../src/editor/dashboard/feed.ts";
import type { ToPage } from "../../../src/editor/protocol.ts";
import { RunReader } from "../../../src/runs/store/run-reader.ts";
import { SeriesStore } from "../../../webview-ui/state/series-store.ts";
import { wantedSeries } from "../../../webview-ui/state/wanted-series.ts";
import { curveCharts } from "../../../webview-ui/views/curve-charts.ts";
import { madeUpRun, regression } from "../../webview/harness/made-up-run.ts";
import { RecordedRun } from "./recorded-run.ts";

test("every chart of twenty tasks has its points when VS Code has carried them, at first and later", async () => {
  const { summary, scalars } = madeUpRun({
    id: "twenty",
    name: "twenty",
    balancer: "equal",
    tasks: Array.from({ length: 20 }, (_, k) => regression(`task-${String(k + 1)}`)),
    status: "running",
    done: 0.5,
    epochs: 2,
    stepsPerEpoch: 20,
    exact: false,
  });
  const recorded = [...scalars.keys()];
  const run = new RecordedRun("twenty");
  const histogram = "dominance-histogram/dense1.kernel";
  const record = (from: number, to: number): void => {
    for (const name of recorded) for (let step = from; step < to; step++) run.writer.scalar(name, step, step);
    run.writer.vector(histogram, to, Float32Array.of(0.25, 0.5, to));
    run.writer.commit(to);
  };
  record(1, 4);
  const wanted = { ...wantedSeries("curves", summary.description, recorded, null), vectors: [histogram] };
  const page = new SeriesStore();
  const feed = new Feed({ run: "twenty", ...wanted, columns: 500, span: null }, RunReader.open(run.folder), async (message) => {
    const arrived = carried(message);
    if (arrived.type === "data") page.take(arrived.scalars, arrived.vectors);
    return true;
  });
  try {
    for (const through of [3, 5]) {
      if (through > 3) record(4, 6);
      await feed.send();
      const lines = curveCharts(summary.description, recorded, []).flatMap((chart) => chart.lines);
      expect(lines.length).toBeGreaterThan(256);
      const expected = Array.from({ length: through }, (_, i) => i + 1);
      for (const { name } of lines) expect([name, [...page.curve(name).values]]).toEqual([name, expected]);
      expect([...(page.vector(histogram)?.values ?? [])]).toEqual([0.25, 0.5, through + 1]);
    }
  } finally {
    feed.close();
    run.dispose();
  }
});

/**
 * A message as it comes out of VS Code's line between extension host and window: the buffers follow the address and the text
 * of the message, each buffer once, and a single byte says how many parts there are.
 */
function carried(message: ToPage): ToPage {
  const buffers: ArrayBufferLike[] = [];
  const collect = (value: unknown): void => {
    if (ArrayBuffer.isView(value)) {
      if (!buffers.includes(value.buffer)) buffers.push(value.buffer);
    } else if (typeof value === "object" && value !== null) Object.values(value).forEach(collect);
  };
  collect(message);
  const arrived = new Set(buffers.slice(0, Math.max(0, ((2 + buffers.length) % 256) - 2)));
  if (message.type !== "data") return message;
  const kept = <A extends Float64Array | Float32Array>(array: A, empty: A): A => (arrived.has(array.buffer) ? array : empty);
  const none = new Float64Array(0);
  return {
    ...message,
    scalars: message.scalars.map((each) => ({ ...each, steps: kept(each.steps, none), values: kept(each.values, none) })),
    vectors: message.vectors.map((each) => ({ ...each, values: kept(each.values, new Float32Array(0)) })),
  };
}
