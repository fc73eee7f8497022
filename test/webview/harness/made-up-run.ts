import {
  histogramBins,
  type ParameterDescription,
  type RunDescription,
  series,
  type TaskDescription,
} from "../../../src/experiment/record.ts";
import type { Points, RecordedEvent, RunSummary, SnapshotInfo, VectorPoints } from "../../../src/runs/contract.ts";
import type { RecordedRun } from "./recorded.ts";

/** What a made-up run looks like. Deterministic: the same wish gives the same numbers. */
export interface Wish {
  readonly id: string;
  readonly name: string;
  readonly balancer: string;
  readonly tasks: readonly TaskDescription[];
  readonly status: RunSummary["status"];
  /** Part of the planned steps that are done. */
  readonly done: number;
  readonly epochs: number;
  readonly stepsPerEpoch: number;
  readonly exact: boolean;
  readonly reason?: string;
  /** Seconds since the last heartbeat. */
  readonly silent?: number;
  /** Makes the losses not finite for some steps. */
  readonly broken?: boolean;
  /** Parameters that no two tasks share. */
  readonly nothingCommon?: boolean;
}

const every = 10;

export function classification(id: string): TaskDescription {
  return {
    id,
    kind: "classification",
    headlineMetric: "accuracy",
    metrics: [{ name: "accuracy", better: "higher", unit: "share" }],
    classes: ["0", "1"],
  };
}

export function regression(id: string): TaskDescription {
  return {
    id,
    kind: "regression",
    headlineMetric: "r2",
    metrics: [
      { name: "r2", better: "higher", unit: "plain" },
      { name: "rmse", better: "lower", unit: "plain" },
    ],
    classes: [],
  };
}

const layers: readonly (readonly [layer: string, kernel: readonly number[]])[] = [
  ["conv1", [5, 5, 1, 16]],
  ["conv2", [3, 3, 16, 32]],
  ["conv3", [3, 3, 32, 32]],
  ["dense1", [800, 64]],
];

export function madeUpRun(wish: Wish): RecordedRun {
  const { tasks, stepsPerEpoch, epochs } = wish;
  const ids = tasks.map(({ id }) => id);
  const totalSteps = stepsPerEpoch * epochs;
  const step = Math.round(totalSteps * wish.done);
  const parameters: ParameterDescription[] = layers.flatMap(([layer, kernel]) => [
    parameter(layer, "kernel", kernel),
    parameter(layer, "bias", kernel.slice(-1)),
  ]);
  const random = generator(wish.id);
  const steps = Float64Array.from({ length: Math.floor(step / every) }, (_, i) => (i + 1) * every);
  const validated = Float64Array.from({ length: Math.floor(step / stepsPerEpoch) }, (_, i) => (i + 1) * stepsPerEpoch);
  const scalars = new Map<string, Points>();
  const noisy = (at: Float64Array, value: (t: number) => number, noise: number): Points => ({
    steps: at,
    values: at.map((s) => value(s / totalSteps) * Math.exp(noise * normal(random))),
  });

  ids.forEach((id, k) => {
    const pace = 4 + 5 * (k % 3);
    const loss = noisy(steps, (t) => 0.12 + 0.1 * k + 2.2 * Math.exp(-t * pace * 3), 0.18);
    if (wish.broken) loss.values.fill(k % 2 ? Number.NaN : Infinity, 120, 124);
    scalars.set(series.loss(id), loss);
    scalars.set(
      series.validationLoss(id),
      noisy(validated, (t) => 0.16 + 0.12 * k + 1.8 * Math.exp(-t * pace * 3), 0.04),
    );
    for (const metric of tasks[k]?.metrics ?? []) {
      const top = metric.better === "higher" ? 0.965 - 0.035 * k : 0.4 + 0.1 * k;
      const shape = (t: number): number =>
        metric.better === "higher" ? top - 0.45 * Math.exp(-t * pace * 2.5) - (k === 1 ? 0.03 * t : 0) : top + 2 * Math.exp(-t * pace);
      scalars.set(series.metric("validation", id, metric.name), noisy(validated, shape, 0.004));
    }
    scalars.set(
      series.weight(id),
      noisy(steps, (t) => 0.5 + 0.15 * Math.sin(6 * t + 2 * k), 0.02),
    );
    scalars.set(
      series.gradientNorm(id),
      noisy(steps, (t) => 0.5 + 1 / (k + 1) + 2 * Math.exp(-t * pace * 2), 0.15),
    );
    scalars.set(
      series.help(id),
      noisy(steps, (t) => 0.75 - 0.2 * k + 0.1 * Math.cos(5 * t), 0.1),
    );
  });
  const pairs = ids.flatMap((a, i) => ids.slice(i + 1).map((b) => [a, b] as const));
  pairs.forEach(([a, b], i) => {
    const cosine = noisy(steps, (t) => 0.35 * Math.exp(-t * 5) - 0.05 + 0.08 * i, 0);
    scalars.set(series.cosine(a, b), { steps, values: cosine.values.map((value) => value + 0.05 * normal(random)) });
  });
  if (pairs.length > 0)
    scalars.set(series.conflictRate, { steps, values: steps.map((s) => clamp(0.15 + 0.35 * (s / totalSteps) + 0.05 * normal(random))) });
  scalars.set(
    series.directionNorm,
    noisy(steps, (t) => 1.1 + 2 * Math.exp(-t * 8), 0.12),
  );
  scalars.set(series.learningRate, { steps, values: steps.map((s) => 1e-3 * (0.5 + 0.5 * Math.cos((Math.PI * s) / totalSteps))) });
  scalars.set(
    series.stepsPerSecond,
    noisy(steps, (t) => (t > 0.4 && t < 0.45 ? 30 : 58), 0.03),
  );

  const common = wish.nothingCommon || ids.length < 2 ? [] : parameters;
  const total = common.reduce((sum, { size }) => sum + size, 0);
  const dominance = new Map(common.map((each, i) => [each.name, dominanceOf(each, i)]));
  const dominatedSums = ids.map(() => new Float64Array(steps.length));
  const shareSums = ids.map(() => new Float64Array(steps.length));
  const vectors = new Map<string, VectorPoints>();
  for (const each of common) {
    const rows = dominance.get(each.name) ?? [];
    const histogram = new Float32Array(steps.length * ids.length * histogramBins);
    const dominated = ids.map(() => new Float64Array(steps.length));
    for (let i = 0; i < steps.length; i++) {
      const shares = rows.map((row) => row[i] ?? 0);
      ids.forEach((_, k) => {
        const share = shares[k] ?? 0;
        const owned = clamp((share - 0.55) * 1.9);
        (dominated[k] ?? new Float64Array(0))[i] = owned;
        addAt(dominatedSums[k], i, (owned * each.size) / total);
        addAt(shareSums[k], i, (share * each.size) / total);
        histogram.set(binned(share, each.size), (i * ids.length + k) * histogramBins);
      });
    }
    ids.forEach((id, k) => {
      scalars.set(series.dominance(each.name, id), { steps, values: rows[k] ?? new Float64Array(0) });
      scalars.set(series.dominated(each.name, id), { steps, values: dominated[k] ?? new Float64Array(0) });
    });
    vectors.set(series.dominanceHistogram(each.name), { steps, width: ids.length * histogramBins, values: histogram });
  }
  if (common.length > 0) {
    ids.forEach((id, k) => {
      scalars.set(series.trunkDominated(id), { steps, values: dominatedSums[k] ?? new Float64Array(0) });
      scalars.set(series.trunkDominance(id), { steps, values: shareSums[k] ?? new Float64Array(0) });
    });
  }
  const snapshots: SnapshotInfo[] = [...validated].flatMap((at, moment) =>
    common.map(({ name }, i) => ({ id: moment * common.length + i + 1, step: at, epoch: at / stepsPerEpoch, parameter: name })),
  );
  const description: RunDescription = {
    tasks,
    parameters: parameters.map((each) => (common.length === 0 ? { ...each, reach: "owned", tasks: ids.slice(0, 1) } : each)),
    ownership: wish.exact ? "exact" : "attributed",
    optimizer: "adam",
    backend: "wasm",
    compiled: { works: false, reason: "the wasm backend does not compile" },
    stepsPerEpoch,
    totalSteps,
    epochs,
    rows: { train: 6000, validation: 1000, test: 1000 },
  };
  const now = Date.now();
  const ended = ["completed", "stopped", "failed", "crashed"].includes(wish.status);
  return {
    summary: {
      id: wish.id,
      folder: `/home/someone/digits/.taskscope/runs/${wish.id}`,
      name: wish.name,
      experimentFile: `/home/someone/digits/${wish.name}.mtl.yaml`,
      balancer: wish.balancer,
      seed: 0,
      status: wish.status,
      reason: wish.reason ?? null,
      owner: ended ? null : { pid: 4242, started: "1" },
      createdAt: now - 130_000,
      startedAt: now - 128_000,
      endedAt: ended ? now - 3_000 : null,
      heartbeatAt: now - 1000 * (wish.silent ?? 0),
      step,
      epoch: step / stepsPerEpoch,
      description,
      result: null,
      latest: {},
      git: null,
      versions: {},
      overrides: [],
      user: { title: null, tags: [], note: null, starred: false, archived: false },
    },
    scalars,
    vectors,
    events: eventsOf(wish, step),
    snapshots,
    map: (info) => elementMap(info),
    log: [
      "23:20:58 epoch 5.1 step 1019  62 steps/s",
      "23:21:03 checkpoint step-1000 kept",
      "RuntimeError: memory access out of bounds",
      "    at wasm backend, op Conv2D",
      "    (signal SIGABRT, exit code 134)",
    ],
  };

  function parameter(layer: string, weight: string, shape: readonly number[]): ParameterDescription {
    return {
      name: `${layer}.${weight}`,
      layer,
      weight,
      shape,
      size: shape.reduce((all, each) => all * each, 1),
      reach: "common",
      tasks: ids,
    };
  }

  /** Later layers fall to the first task, the first ones to the second; exact runs stay balanced. */
  function dominanceOf(each: ParameterDescription, index: number): Float64Array[] {
    const depth = Math.floor(index / 2) / (layers.length - 1);
    const calm = wish.exact ? 0.12 : 1;
    const drift = ids.map(() => random() * 6);
    const fast = ids.map(() => 0);
    const rows = ids.map(() => new Float64Array(steps.length));
    steps.forEach((at, i) => {
      const t = at / totalSteps;
      const pulls = ids.map((_, k) => {
        fast[k] = 0.8 * (fast[k] ?? 0) + (each.shape.length > 1 ? 0.04 : 0.14) * normal(random);
        const toOwner =
          k === 0
            ? 3 * depth ** 1.4 * sigmoid((t - 0.15 + 0.1 * (1 - depth)) * 14)
            : k === 1
              ? 1.1 * (1 - depth) * sigmoid((t - 0.3) * 10)
              : 0.5 * Math.sin(4 * t + k + depth);
        return Math.exp(calm * (toOwner + (fast[k] ?? 0) + 0.15 * Math.sin((drift[k] ?? 0) + 9 * t)));
      });
      const sum = pulls.reduce((all, pull) => all + pull, 0);
      pulls.forEach((pull, k) => {
        (rows[k] ?? new Float64Array(0))[i] = pull / sum;
      });
    });
    return rows;
  }

  function elementMap(info: SnapshotInfo): Uint8Array {
    const each = parameters.find(({ name }) => name === info.parameter);
    if (!each) throw new Error(`No parameter ${info.parameter}.`);
    const at = Math.max(0, Math.floor(info.step / every) - 1);
    const shares = (dominance.get(each.name) ?? []).map((row) => row[at] ?? 0);
    const outputs = each.shape.at(-1) ?? 1;
    const local = generator(`${each.name} ${info.step}`);
    const perOutput = Array.from({ length: outputs }, () => ids.map(() => 1.3 * normal(local)));
    const values = new Uint8Array(ids.length * each.size);
    for (let i = 0; i < each.size; i++) {
      const pulls = ids.map((_, k) =>
        Math.exp(1.4 * Math.log(shares[k] ?? 0.5) + (perOutput[i % outputs]?.[k] ?? 0) + 0.5 * normal(local)),
      );
      const sum = pulls.reduce((all, pull) => all + pull, 0);
      pulls.forEach((pull, k) => {
        values[k * each.size + i] = Math.round((255 * pull) / sum);
      });
    }
    return values;
  }
}

function eventsOf(wish: Wish, step: number): RecordedEvent[] {
  const events: RecordedEvent[] = [{ id: 1, kind: "state", step: 0, at: 0, message: "running" }];
  if (step > 500) events.push({ id: 2, kind: "checkpoint", step: 500, at: 0, message: "checkpoint kept" });
  if (wish.broken) {
    for (let i = 0; i < 4; i++)
      events.push({
        id: 10 + i,
        kind: "non-finite",
        step: 1210 + 10 * i,
        at: 0,
        message: "The loss of right is not a finite number; the step was skipped.",
      });
    events.push({ id: 20, kind: "warning", step: 1300, at: 0, message: "The native backend was not found; training goes on with wasm." });
  }
  return events;
}

function addAt(sums: Float64Array | undefined, index: number, amount: number): void {
  if (sums) sums[index] = (sums[index] ?? 0) + amount;
}

/** A share spread over bins as a bell around it. */
function binned(share: number, size: number): Float32Array {
  const bins = Float32Array.from({ length: histogramBins }, (_, bin) => Math.exp(-(((bin + 0.5) / histogramBins - share) ** 2) / 0.03));
  const sum = bins.reduce((all, bin) => all + bin, 0);
  return bins.map((bin) => Math.round((size * bin) / sum));
}

function clamp(value: number): number {
  return Math.min(1, Math.max(0, value));
}

function sigmoid(value: number): number {
  return 1 / (1 + Math.exp(-value));
}

/** Uniform numbers in [0, 1) from a seed in words. */
function generator(seed: string): () => number {
  let state = 2166136261;
  for (let i = 0; i < seed.length; i++) state = Math.imul(state ^ seed.charCodeAt(i), 16777619) >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return ((state >>> 8) ^ (state >>> 24)) / 16777216;
  };
}

function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(random() + 1e-12)) * Math.cos(2 * Math.PI * random());
}
