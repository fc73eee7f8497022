import { series, type RunDescription, type RunEvent, type TaskDescription } from "../experiment/record.ts";
import type { Points, RunSummary } from "../runs/contract.ts";
import { phrase, type Phrase } from "./finding-texts.ts";
import { formatMetric, formatNumber, formatShare } from "./format.ts";
import { ownerOf } from "./ownership.ts";

/** What a run shows: a claim, its evidence in numbers, and where to look. The reader's language is the caller's business. */
export interface Finding {
  readonly code: "stopped-improving" | "owned-trunk" | "owned-layers" | "conflict" | "starved" | "non-finite";
  readonly severity: "warning" | "information";
  readonly claim: Phrase;
  readonly evidence: Phrase;
  readonly view: "overview" | "curves" | "ownership";
  /** The task it is about, where it is about one. */
  readonly task?: string;
  /** The tensor that shows it best. */
  readonly parameter?: string;
  /** A balancer worth a try because of it. */
  readonly tryBalancer?: string;
}

/** Reads a recorded series; undefined where it was not recorded. */
export type SeriesSource = (name: string) => Points | undefined;

/** Names of all series that `findings` reads, so that a caller can fetch them first. */
export function findingSeries(description: RunDescription): readonly string[] {
  const common = description.parameters.filter(({ reach }) => reach === "common");
  return [
    series.conflictRate,
    ...layerCosines(description).map(({ name }) => name),
    ...description.tasks.flatMap((task) => [
      series.metric("validation", task.id, task.headlineMetric),
      series.gradientNorm(task.id),
      series.trunkDominated(task.id),
    ]),
    ...common.flatMap(({ name }) => description.tasks.map((task) => series.dominance(name, task.id))),
  ];
}

/** What a run shows so far, the weightiest first. Needs a described run; empty before that. */
export function findings(summary: RunSummary, read: SeriesSource, events: readonly RunEvent[]): readonly Finding[] {
  const { description } = summary;
  if (description === null) return [];
  const found = [
    nonFinite(events),
    ownedTrunk(summary, description, read),
    ownedLayers(description, read),
    ...description.tasks.map((task) => stoppedImproving(task, description, read)),
    starved(description, read),
    conflict(description, read),
  ];
  return found.filter((finding) => finding !== undefined);
}

function nonFinite(events: readonly RunEvent[]): Finding | undefined {
  const skipped = events.filter(({ kind }) => kind === "non-finite");
  const [first] = skipped;
  if (first === undefined) return undefined;
  return {
    code: "non-finite",
    severity: "warning",
    claim: skipped.length === 1 ? phrase("oneNotFinite") : phrase("manyNotFinite", formatNumber(skipped.length)),
    evidence: phrase("notFiniteEvidence", formatNumber(first.step), first.message),
    view: "curves",
  };
}

/** One task owns more than half of all shared weights. */
function ownedTrunk(summary: RunSummary, { tasks, ownership }: RunDescription, read: SeriesSource): Finding | undefined {
  if (tasks.length < 2) return undefined;
  const shares = tasks.map((task) => last(read(series.trunkDominated(task.id))) ?? 0);
  const most = Math.max(...shares);
  const owner = tasks[shares.indexOf(most)];
  if (owner === undefined || most <= 0.5) return undefined;
  const finding: Finding = {
    code: "owned-trunk",
    severity: "warning",
    claim: phrase("ownedTrunk", owner.id, formatShare(most)),
    evidence: phrase(ownership === "exact" ? "ownedTrunkEvidence" : "ownedTrunkAttributed"),
    view: "ownership",
    task: owner.id,
  };
  return summary.balancer === "adatask" ? finding : { ...finding, tryBalancer: "adatask" };
}

/** Kernels that moved at least half of the way from evenly shared to owned. */
function ownedLayers({ tasks, parameters }: RunDescription, read: SeriesSource): Finding | undefined {
  if (tasks.length < 2) return undefined;
  const owned = parameters.flatMap((parameter) => {
    if (parameter.reach !== "common" || parameter.weight === "bias") return [];
    // Tasks that do not reach it are nobody to share with.
    const reaching = tasks.filter(({ id }) => parameter.tasks.includes(id));
    const owner = ownerOf(reaching.map((task) => last(read(series.dominance(parameter.name, task.id))) ?? NaN));
    const task = owner === undefined ? undefined : reaching[owner.task];
    return owner !== undefined && task !== undefined && owner.strength >= 0.5 ? [{ parameter, task, share: owner.share }] : [];
  });
  const [strongest] = [...owned].sort((a, b) => b.share - a.share);
  if (strongest === undefined) return undefined;
  const mine = owned.filter(({ task }) => task.id === strongest.task.id);
  return {
    code: "owned-layers",
    severity: "warning",
    claim:
      mine.length === 1
        ? phrase("ownedLayer", strongest.task.id, strongest.parameter.layer)
        : phrase("ownedLayers", strongest.task.id, formatNumber(mine.length)),
    evidence: phrase(
      "ownedLayersEvidence",
      mine.map(({ parameter, share }) => phrase("shareOfTensor", formatShare(share), parameter.name)),
    ),
    view: "ownership",
    task: strongest.task.id,
    parameter: strongest.parameter.name,
  };
}

/** The headline metric was best in the first three quarters and is worse by more than a hundredth since. */
function stoppedImproving(task: TaskDescription, { stepsPerEpoch, totalSteps }: RunDescription, read: SeriesSource): Finding | undefined {
  const metric = task.metrics.find(({ name }) => name === task.headlineMetric);
  const points = read(series.metric("validation", task.id, task.headlineMetric));
  const now = last(points);
  if (metric === undefined || points === undefined || now === undefined || points.values.length < 4) return undefined;
  const sign = metric.better === "higher" ? 1 : -1;
  const best = points.values.reduce((leader, value, i) => (sign * value > sign * (points.values[leader] ?? NaN) ? i : leader), 0);
  const [bestValue = now, bestStep = 0] = [points.values[best], points.steps[best]];
  const loss = (sign * (bestValue - now)) / (metric.unit === "share" ? 1 : Math.max(Math.abs(bestValue), 1e-12));
  if (loss <= 0.01 || bestStep > 0.75 * Math.min(totalSteps, last(points, "steps") ?? totalSteps)) return undefined;
  const epochs = bestStep / stepsPerEpoch;
  const epoch = formatNumber(epochs, Number.isInteger(epochs) ? 0 : 1);
  return {
    code: "stopped-improving",
    severity: "warning",
    claim: phrase("stoppedImproving", task.id, epoch),
    evidence: phrase("stoppedImprovingEvidence", metric.name, formatMetric(bestValue, metric), formatMetric(now, metric)),
    view: "curves",
    task: task.id,
  };
}

/** One task's gradient is less than a twentieth of all. */
function starved({ tasks }: RunDescription, read: SeriesSource): Finding | undefined {
  const norms = tasks.map((task) => tail(read(series.gradientNorm(task.id))));
  const total = norms.reduce<number>((sum, norm) => sum + (norm ?? NaN), 0);
  const least = Math.min(...norms.map((norm) => norm ?? NaN));
  const task = tasks[norms.indexOf(least)];
  if (tasks.length < 2 || task === undefined || !(least < 0.05 * total)) return undefined;
  return {
    code: "starved",
    severity: "warning",
    claim: phrase("starved", task.id),
    evidence: phrase("starvedEvidence", formatShare(least / total, 1)),
    view: "curves",
    task: task.id,
  };
}

/** A mean cosine above this says no more of a layer than that its gradients do not care for each other. */
const worthNaming = -0.05;

function conflict(description: RunDescription, read: SeriesSource): Finding | undefined {
  const rate = tail(read(series.conflictRate));
  if (description.tasks.length < 2 || rate === undefined || rate < 0.4) return undefined;
  const [lowest] = layerCosines(description)
    .flatMap((pair) => {
      const cosine = tail(read(pair.name));
      return cosine === undefined ? [] : [{ ...pair, cosine }];
    })
    .sort((a, b) => a.cosine - b.cosine);
  return {
    code: "conflict",
    severity: "information",
    claim: phrase("conflict", formatShare(rate)),
    evidence:
      lowest === undefined || lowest.cosine > worthNaming
        ? phrase("conflictEvidence")
        : phrase("conflictEvidenceLayer", lowest.a, lowest.b, lowest.layer, formatNumber(lowest.cosine, 2)),
    view: "curves",
  };
}

interface LayerCosine {
  readonly name: string;
  readonly layer: string;
  readonly a: string;
  readonly b: string;
}

/** With more tasks there are more pairs and layers than it is worth to read for one sentence. */
const mostPaired = 4;

/** Cosines of all pairs of tasks in all layers that both reach. */
function layerCosines({ tasks, parameters }: RunDescription): readonly LayerCosine[] {
  if (tasks.length > mostPaired) return [];
  const common = parameters.filter(({ reach }) => reach === "common");
  return [...new Set(common.map(({ layer }) => layer))].flatMap((layer) => {
    const reaching = tasks.filter(({ id }) => common.some((parameter) => parameter.layer === layer && parameter.tasks.includes(id)));
    return reaching.flatMap(({ id: a }, i) =>
      reaching.slice(i + 1).map(({ id: b }) => ({ name: series.layerCosine(layer, a, b), layer, a, b })),
    );
  });
}

function last(points: Points | undefined, of: "steps" | "values" = "values"): number | undefined {
  return points?.[of].at(-1);
}

/** Mean over the last quarter of the points; undefined where there is none. */
function tail(points: Points | undefined): number | undefined {
  if (points === undefined || points.values.length === 0) return undefined;
  const part = points.values.subarray(Math.floor(points.values.length * 0.75)).filter(Number.isFinite);
  return part.length === 0 ? undefined : part.reduce((sum, value) => sum + value, 0) / part.length;
}
