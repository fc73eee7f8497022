import { useEffect, useState } from "preact/hooks";
import { histogramBins, type ParameterDescription, series, type TaskDescription } from "../../src/experiment/record.ts";
import type { RunId } from "../../src/runs/contract.ts";
import { usePage } from "../parts/context.ts";
import type { ElementShares } from "./element-shares.ts";
import type { Looking } from "./ownership.tsx";

/** A drag passes many moments: only the one it rests at is asked for. */
const settle = 60;

/** Counts of one task over the bins of rAU. */
export type Counts = readonly Float32Array[];

/** Histogram of a tensor at the moment looked at, one row a task; null where none is known. */
export function useHistogram(
  run: RunId,
  parameter: ParameterDescription,
  all: readonly TaskDescription[],
  tasks: readonly TaskDescription[],
  { step, following }: Looking,
): Counts | null {
  const { dashboard } = usePage();
  const name = series.dominanceHistogram(parameter.name);
  const latest = dashboard.recording.value.store.vector(name);
  const [asked, setAsked] = useState<Float32Array | null>(null);
  const recorded = dashboard.recorded.value.includes(name);
  useEffect(() => {
    if (following || !recorded) return;
    return settled(async (current) => {
      const answer = await dashboard.host.ask({ type: "get-vector", run, series: name, step });
      if (current() && answer.type === "vector-at") setAsked(answer.update.values);
    }, dashboard.report);
  }, [run, name, step, following, recorded]);
  const values = following ? (latest?.values ?? null) : asked;
  return values && rowsOf(values, histogramBins, all, tasks);
}

export type Elements =
  | { readonly state: "none" | "loading" }
  | { readonly state: "before" }
  | { readonly state: "shown"; readonly step: number; readonly shares: ElementShares };

/** Map of a tensor's weights: the last snapshot at or before the moment looked at. */
export function useElements(
  run: RunId,
  parameter: ParameterDescription,
  all: readonly TaskDescription[],
  tasks: readonly TaskDescription[],
  { step, following }: Looking,
): Elements {
  const { dashboard } = usePage();
  const [shown, setShown] = useState<Extract<Elements, { state: "shown" }> | null>(null);
  const mine = dashboard.snapshots.value.filter((info) => info.parameter === parameter.name);
  const wanted = mine.findLast((info) => following || info.step <= step);
  useEffect(() => {
    if (!wanted) return;
    return settled(async (current) => {
      const answer = await dashboard.host.ask({ type: "get-snapshot", run, parameter: parameter.name, step: wanted.step });
      if (!current() || answer.type !== "snapshot") return;
      setShown({ state: "shown", step: answer.info.step, shares: elementShares(answer.map.shares, parameter.size, all, tasks) });
    }, dashboard.report);
  }, [run, parameter.name, wanted?.step]);
  if (!wanted) return { state: mine.length > 0 ? "before" : "none" };
  return shown ?? { state: "loading" };
}

/** Asks when the moment has rested; an answer that comes too late for it is dropped, a refusal is reported. */
function settled(ask: (current: () => boolean) => Promise<void>, report: (text: string) => void): () => void {
  let current = true;
  const timer = window.setTimeout(() => {
    ask(() => current).catch((error: unknown) => {
      if (current) report(error instanceof Error ? error.message : String(error));
    });
  }, settle);
  return () => {
    current = false;
    window.clearTimeout(timer);
  };
}

/** Rows of the tasks that take part. A recorder may keep a row for each task or for those alone; the length tells. */
function rowsOf(values: Float32Array, width: number, all: readonly TaskDescription[], tasks: readonly TaskDescription[]): Counts {
  const complete = values.length === all.length * width;
  return tasks.map((task, k) => {
    const row = complete ? all.indexOf(task) : k;
    return values.subarray(row * width, (row + 1) * width);
  });
}

function elementShares(
  values: Uint8Array,
  size: number,
  all: readonly TaskDescription[],
  tasks: readonly TaskDescription[],
): ElementShares {
  if (values.length !== all.length * size || tasks.length === all.length) return { shares: values, size, tasks: tasks.length };
  const shares = new Uint8Array(tasks.length * size);
  tasks.forEach((task, k) => {
    const row = all.indexOf(task);
    shares.set(values.subarray(row * size, (row + 1) * size), k * size);
  });
  return { shares, size, tasks: tasks.length };
}
