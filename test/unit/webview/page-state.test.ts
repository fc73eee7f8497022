import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import type { SeriesUpdate } from "../../../src/editor/protocol.ts";
import { series } from "../../../src/experiment/record.ts";
import { flatten, freshMemory, type Memory, readPanelState, unflatten } from "../../../webview-ui/state/memory.ts";
import { receive } from "../../../webview-ui/state/messages.ts";
import { indexAt, SeriesStore, valueAt } from "../../../webview-ui/state/series-store.ts";
import { wantedSeries } from "../../../webview-ui/state/wanted-series.ts";
import { madeUpRun, classification } from "../../webview/harness/made-up-run.ts";

const update = (mode: SeriesUpdate["mode"], from: number, count: number): SeriesUpdate => ({
  name: "loss/left",
  mode,
  steps: Float64Array.from({ length: count }, (_, i) => from + i),
  values: Float64Array.from({ length: count }, (_, i) => 100 + from + i),
  reduced: false,
  recent: 100 + from + count - 1,
});

describe("SeriesStore", () => {
  test.prop([fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 12 })])(
    "holds appended points as if they had come at once",
    (parts) => {
      const store = new SeriesStore();
      let next = 0;
      parts.forEach((count, i) => {
        store.take([update(i === 0 ? "replace" : "append", next, count)], []);
        next += count;
      });
      const curve = store.curve("loss/left");
      expect([...curve.steps]).toEqual(Array.from({ length: next }, (_, i) => i));
      expect(curve.values.at(-1)).toBe(100 + next - 1);
    },
  );

  it("takes points that come twice once", () => {
    const store = new SeriesStore();
    store.take([update("replace", 0, 5)], []);
    store.take([update("append", 3, 4)], []);
    expect([...store.curve("loss/left").steps]).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });

  it("gives a new window in place of the old one", () => {
    const store = new SeriesStore();
    store.take([update("replace", 0, 5)], []);
    store.take([update("replace", 50, 2)], []);
    expect([...store.curve("loss/left").steps]).toEqual([50, 51]);
  });

  test.prop([fc.uniqueArray(fc.integer({ min: 0, max: 50 }), { maxLength: 20 }), fc.integer({ min: -5, max: 60 })])(
    "finds the last point at or before a step",
    (list, step) => {
      const steps = Float64Array.from(list.sort((a, b) => a - b));
      expect(indexAt(steps, step)).toBe(steps.findLastIndex((at) => at <= step));
      expect(valueAt({ steps, values: steps }, step)).toBe(steps.findLast((at) => at <= step) ?? null);
    },
  );
});

describe("the page's memory", () => {
  const memories = fc.record<Memory>({
    xUnit: fc.constantFrom("epoch", "step"),
    yScale: fc.constantFrom("per-chart", "linear", "log"),
    smoothing: fc.double({ min: 0, max: 0.99, noNaN: true }),
    scales: fc.dictionary(fc.constantFrom("loss", "metric-accuracy", "norm"), fc.constantFrom("linear", "log"), { noNullPrototype: true }),
    recordedLine: fc.boolean(),
    ignoreOutliers: fc.boolean(),
    asTable: fc.boolean(),
    parameter: fc.option(fc.string()),
    moment: fc.option(fc.nat()),
    tasks: fc.array(fc.string({ minLength: 1 }).filter((id) => !id.includes("\n"))),
  });

  test.prop([memories])("survives being kept as flat values", (memory) => {
    const page: unknown = JSON.parse(JSON.stringify({ experimentFile: "a", run: null, view: "curves", page: flatten(memory) }));
    expect(readPanelState(page)?.memory).toEqual({ ...memory, smoothing: memory.smoothing + 0 });
  });

  it("starts afresh from what another version kept", () => {
    expect(unflatten({ smoothing: 7, yScale: "cubic", scales: "cubic loss", ignoreOutliers: 1, tasks: 3 })).toEqual(freshMemory);
    expect(readPanelState({ view: "compare", run: null, page: {} })).toBeNull();
    expect(readPanelState("nonsense")).toBeNull();
  });
});

describe("messages from the host", () => {
  it("takes one that fits", () => {
    const message = { type: "data", run: "r", scalars: [update("append", 0, 2)], vectors: [], events: [], snapshots: [] };
    expect(receive(message)).toEqual({ message });
  });

  it.each([
    [null],
    [{ type: "unheard-of" }],
    [{ type: "constructor" }],
    [
      {
        type: "data",
        run: "r",
        scalars: [{ name: "loss/left", mode: "append", steps: [1], values: [1] }],
        vectors: [],
        events: [],
        snapshots: [],
      },
    ],
    [{ type: "state", runs: [] }],
  ])("refuses %j with a reason", (message) => {
    expect(receive(message)).toHaveProperty("problem");
  });
});

describe("wantedSeries", () => {
  const { summary, scalars, vectors } = madeUpRun({
    id: "r",
    name: "digits",
    balancer: "equal",
    tasks: [classification("left"), classification("right")],
    status: "completed",
    done: 1,
    epochs: 2,
    stepsPerEpoch: 20,
    exact: true,
  });
  const recorded = [...scalars.keys(), ...vectors.keys()];

  it("asks only for what is recorded", () => {
    for (const view of ["overview", "curves", "ownership"] as const) {
      const wanted = wantedSeries(view, summary.description, recorded, "conv1.kernel");
      expect([...wanted.scalars, ...wanted.vectors].filter((name) => !recorded.includes(name))).toEqual([]);
      expect(wantedSeries(view, summary.description, [], null)).toEqual({ scalars: [], vectors: [] });
    }
  });

  it("asks for each series once", () => {
    const { scalars: names } = wantedSeries("overview", summary.description, recorded, null);
    expect(new Set(names).size).toBe(names.length);
  });

  it("asks for the histogram of the chosen tensor alone, and in Ownership alone", () => {
    expect(wantedSeries("ownership", summary.description, recorded, "conv2.bias").vectors).toEqual([
      series.dominanceHistogram("conv2.bias"),
    ]);
    expect(wantedSeries("curves", summary.description, recorded, "conv2.bias").vectors).toEqual([]);
  });

  it("leaves what is of single layers out of Curves", () => {
    const ofLayer = series.layerCosine("conv1", "left", "right");
    expect(wantedSeries("curves", summary.description, [...recorded, ofLayer], null).scalars).not.toContain(ofLayer);
  });

  it("leaves shares of single tensors out of Curves", () => {
    expect(wantedSeries("curves", summary.description, recorded, null).scalars).not.toContain(series.dominance("conv1.kernel", "left"));
    expect(wantedSeries("curves", summary.description, recorded, null).scalars).toContain(series.trunkDominated("left"));
  });
});
