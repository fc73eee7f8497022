import { batch, computed, effect, type ReadonlySignal, signal } from "@preact/signals";
import type { PanelState, Subscription, ToPage, View } from "../../src/editor/protocol.ts";
import {
  type RecordedEvent,
  type RunId,
  type RunSummary,
  type SeriesInfo,
  type SnapshotInfo,
  terminalStatuses,
} from "../../src/runs/contract.ts";
import type { Host } from "./host.ts";
import { flatten, freshMemory, type Memory, readPanelState } from "./memory.ts";
import { refresher } from "./refresh.ts";
import { SeriesStore } from "./series-store.ts";
import { commonParameters, wantedSeries } from "./wanted-series.ts";

export type Experiment = Extract<ToPage, { type: "state" }>["experiment"];
type Command = "run" | "stop" | "stop-now" | "show-log" | "open-config";

/** Pixel columns the host reduces a series to: four points a column, so at most 2,000 points. */
const columns = 500;

/** Milliseconds without a heartbeat after which a run counts as stale. */
const staleAfter = 10_000;

/** A drag or wheel is over when the span stays for this long; then finer points are asked for. */
const settleAfter = 150;

/** What the page knows and shows. Signals only; the views read them, the host's messages and the user change them. */
export type Dashboard = ReturnType<typeof createDashboard>;

/** Builds the page's state over its line to the host. @param clock milliseconds since 1970 */
export function createDashboard(host: Host, clock: () => number) {
  const experiment = signal<Experiment | null>(null);
  const runs = signal<readonly RunSummary[]>([]);
  const chosenRun = signal<RunId | null>(null);
  const view = signal<View>("overview");
  const memory = signal<Memory>(freshMemory);
  const list = signal<{ readonly run: RunId | null; readonly series: readonly SeriesInfo[] }>({ run: null, series: [] });
  const events = signal<readonly RecordedEvent[]>([]);
  const snapshots = signal<readonly SnapshotInfo[]>([]);
  const log = signal<{ readonly run: RunId; readonly lines: readonly string[] } | null>(null);
  const problem = signal<string | null>(null);
  const now = signal(clock());
  /** Span of steps the curves are zoomed to; null for all. */
  const zoom = signal<readonly [from: number, to: number] | null>(null);
  const settledZoom = signal<readonly [from: number, to: number] | null>(null);

  const store = new SeriesStore();
  /** The points so far: the same store, but a new value at each refresh, so that whoever draws points follows. */
  const recording = signal({ store });
  const draw = refresher(() => {
    recording.value = { store };
  });
  let clockOffset = 0;
  let shownRun: RunId | null = null;
  /** After "run": the next run to appear is the one to show. */
  let awaitsRun = false;
  /** States this page kept, as text: what comes back from the host and is not among them is a wish to show it. */
  const keptHere = new Set<string>();

  const run = computed(() => runs.value.find(({ id }) => id === chosenRun.value) ?? runs.value[0] ?? null);
  const runId = computed(() => run.value?.id ?? null);
  const active = computed(() => run.value !== null && !terminalStatuses.includes(run.value.status));
  /** Seconds since the last sign of life of an active run, where that is worrying; else null. */
  const silence = computed(() => {
    const beat = run.value?.heartbeatAt ?? null;
    if (!active.value || beat === null) return null;
    const since = now.value - beat;
    return since > staleAfter ? Math.round(since / 1000) : null;
  });
  const parameter = computed(() => {
    const description = run.value?.description;
    if (!description) return null;
    const common = commonParameters(description);
    const chosen = common.find(({ name }) => name === memory.value.parameter);
    // Until one is chosen: the last tensor that is more than a row, because late layers are where tasks part.
    return (chosen ?? common.findLast(({ shape }) => shape.length > 1) ?? common.at(-1))?.name ?? null;
  });
  const recorded = computed(() => (list.value.run === runId.value ? list.value.series.map(({ name }) => name) : []));
  const subscription = computed((): Subscription | null => {
    if (run.value === null) return null;
    const { id, description } = run.value;
    const wanted = description ? wantedSeries(view.value, description, recorded.value, parameter.value) : { scalars: [], vectors: [] };
    return { run: id, ...wanted, columns, span: view.value === "curves" ? settledZoom.value : null };
  });

  const remember = (change: Partial<Memory>): void => {
    memory.value = { ...memory.value, ...change };
  };

  function restore(kept: unknown): void {
    const state = readPanelState(kept);
    if (!state) return;
    keptHere.add(JSON.stringify(kept));
    batch(() => {
      chosenRun.value = state.run;
      view.value = state.view;
      memory.value = state.memory;
    });
  }

  function adopt(next: readonly RunSummary[]): void {
    const added = next.find(({ id }) => runs.value.every((known) => known.id !== id));
    if (!added) return;
    awaitsRun = false;
    chosenRun.value = added.id;
  }

  function take(message: ToPage): void {
    switch (message.type) {
      case "state":
        return batch(() => {
          if (!keptHere.has(JSON.stringify(message.restore))) restore(message.restore);
          if (awaitsRun) adopt(message.runs);
          clockOffset = message.now === undefined ? 0 : message.now - clock();
          now.value = clock() + clockOffset;
          experiment.value = message.experiment;
          runs.value = withKnownDescriptions(message.runs, runs.value);
        });
      case "series-list":
        if (message.run === runId.value) list.value = { run: message.run, series: message.series };
        return;
      case "data":
        if (message.run !== runId.value) return;
        store.take(message.scalars, message.vectors);
        if (message.events.length > 0) events.value = merged(events.value, message.events, ({ id }) => id);
        if (message.snapshots.length > 0) {
          snapshots.value = merged(snapshots.value, message.snapshots, ({ parameter: of, step }) => `${of} ${step}`);
        }
        return draw();
      case "log-tail":
        log.value = { run: message.run, lines: message.lines };
        return;
      case "refused":
        problem.value = message.message;
        return;
      case "snapshot":
      case "vector-at":
        return; // answers; the host line routes them to who asked
    }
  }

  /** What was known of another run is not of this one. */
  function forget(next: RunId | null): void {
    if (next === shownRun) return;
    shownRun = next;
    batch(() => {
      store.clear();
      events.value = [];
      snapshots.value = [];
      zoom.value = null;
    });
    draw();
  }

  function start(): () => void {
    restore(host.kept());
    const stops = [
      host.listen(take, (text) => {
        problem.value = text;
      }),
      effect(() => {
        forget(runId.value);
      }),
      effect(() => {
        const wanted = zoom.value;
        const timer = window.setTimeout(() => {
          settledZoom.value = wanted;
        }, settleAfter);
        return () => window.clearTimeout(timer);
      }),
      onChange(subscription, (wanted) => host.send({ type: "subscribe", subscription: wanted })),
      // The log's tail comes with a subscription to a run that broke: one that breaks while it is shown is asked for again.
      onChange(
        computed(() => run.value?.status === "crashed" || run.value?.status === "failed"),
        (broken) => {
          const wanted = subscription.peek();
          if (broken && wanted) host.send({ type: "subscribe", subscription: wanted });
        },
      ),
      onChange(
        computed(
          (): PanelState | null =>
            experiment.value && {
              experimentFile: experiment.value.file,
              run: chosenRun.value,
              view: view.value,
              page: flatten(memory.value),
            },
        ),
        (state) => {
          if (!state) return;
          keptHere.add(JSON.stringify(state));
          host.keep(state);
        },
      ),
    ];
    const ticking = window.setInterval(() => {
      now.value = clock() + clockOffset;
    }, 1000);
    host.send({ type: "ready" });
    return () => {
      window.clearInterval(ticking);
      for (const stop of stops) stop();
    };
  }

  return {
    host,
    experiment: readable(experiment),
    runs: readable(runs),
    run,
    active,
    silence,
    view: readable(view),
    memory: readable(memory),
    parameter,
    recorded,
    events: readable(events),
    snapshots: readable(snapshots),
    log: readable(log),
    problem: readable(problem),
    recording: readable(recording),
    now: readable(now),
    zoom,
    start,
    remember,
    showRun(id: RunId): void {
      chosenRun.value = id;
    },
    show(next: View): void {
      view.value = next;
    },
    /** Opens Ownership at a tensor. */
    showTensor(name: string): void {
      batch(() => {
        remember({ parameter: name });
        view.value = "ownership";
      });
    },
    /** Shows a task alone, or all again; with `add` one more or one less. */
    toggleTask(id: string, add: boolean): void {
      const { tasks } = memory.value;
      const without = tasks.filter((task) => task !== id);
      const alone = without.length === tasks.length ? [id] : [];
      remember({ tasks: add ? (without.length < tasks.length ? without : [...tasks, id]) : tasks.length > 1 ? [id] : alone });
    },
    command(command: Command): void {
      if (command === "run") awaitsRun = true;
      host.send({ type: "command", command, run: runId.value });
    },
    dismiss: (): void => {
      problem.value = null;
    },
    report: (text: string): void => {
      problem.value = text;
    },
  };
}

/** Runs at the start and whenever the value is another one by its content, not only by its identity. */
function onChange<T>(source: ReadonlySignal<T>, act: (value: T) => void): () => void {
  let last: string | null = null;
  return effect(() => {
    const value = source.value;
    const text = JSON.stringify(value);
    if (text === last) return;
    last = text;
    act(value);
  });
}

/**
 * The runs with the descriptions known before, where these say the same: every message brings copies, and what is
 * computed from a description would be computed, drawn and asked for again each second.
 */
function withKnownDescriptions(next: readonly RunSummary[], known: readonly RunSummary[]): readonly RunSummary[] {
  const descriptions = new Map(known.map(({ id, description }) => [id, description]));
  return next.map((run) => {
    const description = descriptions.get(run.id);
    return description && JSON.stringify(description) === JSON.stringify(run.description) ? { ...run, description } : run;
  });
}

/** The known and the new ones, each once, in the order of their steps. */
function merged<T extends { readonly step: number }>(
  known: readonly T[],
  added: readonly T[],
  key: (item: T) => string | number,
): readonly T[] {
  const all = new Map(known.map((item) => [key(item), item]));
  for (const item of added) all.set(key(item), item);
  return [...all.values()].sort((a, b) => a.step - b.step);
}

function readable<T>(source: ReadonlySignal<T>): ReadonlySignal<T> {
  return source;
}
