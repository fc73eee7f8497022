import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { DashboardSession } from "../../../src/editor/dashboard/session.ts";
import type { PanelState, Subscription, ToPage } from "../../../src/editor/protocol.ts";
import type { RunSummary } from "../../../src/runs/contract.ts";
import { RunReader } from "../../../src/runs/store/run-reader.ts";
import { RecordedRun } from "./recorded-run.ts";

type Message<Type extends ToPage["type"]> = Extract<ToPage, { type: Type }>;

let run: RecordedRun;
let posted: ToPage[];
let complaints: string[];
let commands: string[];
let opened: RunReader[];
let present: RunSummary[];
/** Whether what is posted arrives at the page. */
let arrives: boolean;
let session: DashboardSession;

beforeEach(() => {
  run = new RecordedRun("20261123-120000-000-penguins");
  posted = [];
  complaints = [];
  commands = [];
  opened = [];
  present = [run.summary()];
  arrives = true;
  session = new DashboardSession(
    {
      post: (message) => {
        if (arrives) posted.push(message);
        return Promise.resolve(arrives);
      },
      now: () => 1,
      experiment: () => ({ name: "penguins", file: "/ws/penguins.mtl.yaml", trusted: true }),
      runs: () => present,
      open: ({ folder }) => {
        const reader = RunReader.open(folder);
        opened.push(reader);
        return reader;
      },
      logTail: (_run, lines) => [`the last ${lines} lines`],
      command: (command, of) => commands.push(`${command} ${of?.id ?? "none"}`),
      keep: () => undefined,
      complain: (message) => complaints.push(message),
    },
    null,
  );
});

afterEach(() => {
  session.dispose();
  run.dispose();
});

const all = <Type extends ToPage["type"]>(type: Type): Message<Type>[] =>
  posted.filter((message): message is Message<Type> => message.type === type);
const scalarUpdates = () => all("data").flatMap(({ scalars }) => scalars);

function subscribe(change: Partial<Subscription> = {}): void {
  const subscription = { run: run.id, scalars: ["loss/left"], vectors: [], columns: 100, span: null, ...change };
  session.receive({ type: "subscribe", subscription });
}

describe("a dashboard session", () => {
  test("says nothing before the page is ready", () => {
    session.runsChanged();
    expect(posted).toEqual([]);
    session.receive({ type: "ready" });
    expect(all("state").map(({ runs }) => runs.map(({ id }) => id))).toEqual([[run.id]]);
  });

  test("sends the whole window first, then only the points that came after, soon after they were recorded", async () => {
    run.record("loss/left", 0, 50);
    session.receive({ type: "ready" });
    subscribe();
    expect(scalarUpdates()).toMatchObject([{ name: "loss/left", mode: "replace", steps: Float64Array.from({ length: 50 }, (_, i) => i) }]);
    const recordedAt = performance.now();
    run.record("loss/left", 50, 53);
    await vi.waitFor(() => expect(scalarUpdates()).toHaveLength(2), { timeout: 5000, interval: 10 });
    expect(performance.now() - recordedAt).toBeLessThan(2000);
    expect(scalarUpdates()[1]).toMatchObject({ mode: "append", steps: Float64Array.of(50, 51, 52) });
  });

  test("sends again what did not arrive, so that the page misses no point, event or map", async () => {
    run.record("loss/left", 0, 5);
    session.receive({ type: "ready" });
    subscribe();
    await vi.waitFor(() => expect(scalarUpdates()).toHaveLength(1));
    arrives = false;
    run.record("loss/left", 5, 8);
    run.writer.event({ kind: "warning", step: 7, at: 1, message: "hot" });
    run.writer.snapshot(8, 1, { parameter: "conv1.kernel", shares: Uint8Array.of(255, 0) });
    run.writer.commit(Date.now());
    session.runsChanged();
    await Promise.resolve();
    run.record("loss/left", 8, 9);
    arrives = true;
    await vi.waitFor(() => expect(all("data").length).toBeGreaterThan(1), { timeout: 5000 });
    const later = all("data").slice(1);
    expect(later.flatMap(({ scalars }) => scalars.flatMap(({ steps }) => [...steps]))).toEqual([5, 6, 7, 8]);
    expect(later.flatMap(({ events }) => events.map(({ message }) => message))).toEqual(["hot"]);
    expect(later.flatMap(({ snapshots }) => snapshots.map(({ step }) => step))).toEqual([8]);
  });

  test("sends the last points of a run that ended, though they did not arrive at first", async () => {
    run.record("loss/left", 0, 5);
    session.receive({ type: "ready" });
    arrives = false;
    present = [{ ...run.summary(), status: "completed" }];
    subscribe();
    await Promise.resolve();
    arrives = true;
    await vi.waitFor(() => expect(scalarUpdates()).toMatchObject([{ mode: "replace", steps: Float64Array.of(0, 1, 2, 3, 4) }]));
  });

  test("sends nothing outside of the span that is asked for, also while the span is empty", async () => {
    run.record("loss/left", 0, 50);
    session.receive({ type: "ready" });
    subscribe({ span: [100, 103] });
    run.record("loss/left", 50, 60);
    session.runsChanged();
    run.record("loss/left", 60, 110);
    await vi.waitFor(() => expect(scalarUpdates().some(({ steps }) => steps.length > 0)).toBe(true), { timeout: 5000 });
    expect(scalarUpdates().map(({ mode, steps }) => [mode, ...steps])).toEqual([["replace"], ["append", 100, 101, 102, 103]]);
  });

  test("tells a page that was made anew of the experiment, though nothing has changed", () => {
    session.receive({ type: "ready" });
    session.hide();
    session.receive({ type: "ready" });
    expect(all("state")).toHaveLength(2);
  });

  test("announces a series once, when it is first recorded", async () => {
    run.record("loss/left", 0, 2);
    session.receive({ type: "ready" });
    subscribe();
    run.record("loss/right", 2, 4);
    await vi.waitFor(() => expect(all("series-list")).toHaveLength(2), { timeout: 5000 });
    expect(all("series-list").map(({ series }) => series.length)).toEqual([1, 2]);
  });

  test("sends nothing of a series that was not asked for", () => {
    run.record("loss/left", 0, 5);
    run.record("loss/right", 0, 5);
    session.receive({ type: "ready" });
    subscribe();
    expect(scalarUpdates().map(({ name }) => name)).toEqual(["loss/left"]);
  });

  test("reduces a long series to the page's columns, and says so", () => {
    run.record("loss/left", 0, 20_000);
    session.receive({ type: "ready" });
    subscribe();
    const [update] = scalarUpdates();
    expect(update?.reduced).toBe(true);
    expect(update?.steps.length).toBeLessThanOrEqual(600);
    expect([update?.steps[0], update?.steps.at(-1)]).toEqual([0, 19_999]);
  });

  test("sends a whole window again when many points were appended, so that the page never holds all", async () => {
    run.record("loss/left", 0, 10);
    session.receive({ type: "ready" });
    subscribe({ columns: 20 });
    run.record("loss/left", 10, 40);
    await vi.waitFor(() => expect(scalarUpdates()).toHaveLength(2), { timeout: 5000 });
    run.record("loss/left", 40, 45);
    await vi.waitFor(() => expect(scalarUpdates()).toHaveLength(3), { timeout: 5000 });
    expect(scalarUpdates().map(({ mode }) => mode)).toEqual(["replace", "append", "replace"]);
  });

  test("sends the latest row of a vector series", () => {
    run.writer.vector("dominance-histogram/conv1.kernel", 10, Float32Array.of(1, 2));
    run.writer.vector("dominance-histogram/conv1.kernel", 20, Float32Array.of(3, 4));
    run.writer.commit(Date.now());
    session.receive({ type: "ready" });
    subscribe({ scalars: [], vectors: ["dominance-histogram/conv1.kernel"] });
    expect(all("data").flatMap(({ vectors }) => vectors)).toMatchObject([{ step: 20, width: 2, values: Float32Array.of(3, 4) }]);
  });

  test("stops reading when the page is hidden, and starts anew when it is ready again", () => {
    run.record("loss/left", 0, 5);
    session.receive({ type: "ready" });
    subscribe();
    session.hide();
    expect(() => opened[0]?.seriesList()).toThrow();
    const before = posted.length;
    session.runsChanged();
    expect(posted).toHaveLength(before);
    session.receive({ type: "ready" });
    subscribe();
    expect(scalarUpdates().map(({ mode }) => mode)).toEqual(["replace", "replace"]);
  });

  test("answers for a row at a step, and refuses with a reason where there is none", () => {
    run.writer.vector("dominance-histogram/conv1.kernel", 10, Float32Array.of(1, 2));
    run.writer.commit(Date.now());
    session.receive({ type: "ready" });
    session.receive({ type: "get-vector", request: 1, run: run.id, series: "dominance-histogram/conv1.kernel", step: 15 });
    session.receive({ type: "get-vector", request: 2, run: run.id, series: "dominance-histogram/conv1.kernel", step: 5 });
    expect(all("vector-at")).toMatchObject([{ request: 1, update: { step: 10, values: Float32Array.of(1, 2) } }]);
    expect(all("refused")).toMatchObject([{ request: 2 }]);
    expect(() => opened[0]?.seriesList()).toThrow();
  });

  test("answers for an element map at a step", () => {
    const map = { parameter: "conv1.kernel", shares: Uint8Array.of(255, 0, 0, 255) };
    run.writer.snapshot(10, 1, map);
    run.writer.commit(Date.now());
    session.receive({ type: "ready" });
    session.receive({ type: "get-snapshot", request: 7, run: run.id, parameter: "conv1.kernel", step: 99 });
    expect(all("snapshot")).toMatchObject([{ request: 7, info: { step: 10, epoch: 1 }, map }]);
  });

  test.each([null, "ready", { type: "reboot" }, { type: "subscribe", subscription: { run: 1 } }, { type: "ready", extra: 1 }])(
    "refuses a message that does not fit: %j",
    (message) => {
      session.receive(message);
      expect(posted).toMatchObject([{ type: "refused", request: null }]);
      expect(complaints).toHaveLength(1);
    },
  );

  test("refuses a run that is gone, by its name", () => {
    session.receive({ type: "ready" });
    subscribe({ run: "20200101-gone" });
    expect(all("refused").map(({ message }) => message)).toEqual([expect.stringContaining("20200101-gone")]);
  });

  test("shows the end of the log once the run has crashed, and only once", () => {
    session.receive({ type: "ready" });
    subscribe();
    expect(all("log-tail")).toEqual([]);
    present = [{ ...run.summary(), status: "crashed" }];
    session.runsChanged();
    session.runsChanged();
    expect(all("log-tail")).toEqual([{ type: "log-tail", run: run.id, lines: ["the last 20 lines"] }]);
  });

  test("hands on commands with the run they are about", () => {
    session.receive({ type: "command", command: "stop", run: run.id });
    session.receive({ type: "command", command: "run", run: null });
    expect(commands).toEqual([`stop ${run.id}`, "run none"]);
  });

  test("tells the page what to show when it is ready and when another run is asked for, and only then", () => {
    const state: PanelState = { experimentFile: "/ws/penguins.mtl.yaml", run: run.id, view: "curves", page: {} };
    session.receive({ type: "ready" });
    session.show(state);
    present = [{ ...run.summary(), step: 5 }];
    session.runsChanged();
    expect(all("state").map(({ restore }) => restore)).toEqual([null, state, null]);
  });

  test("says nothing when nothing has changed", () => {
    session.receive({ type: "ready" });
    session.runsChanged();
    session.runsChanged();
    expect(all("state")).toHaveLength(1);
  });
});
