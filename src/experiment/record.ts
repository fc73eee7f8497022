import type { TaskKind } from "./task-kinds.ts";

/**
 * The vocabulary of what a run records: tasks, parameters, and the names of series.
 * Training writes it, the run store keeps it, analysis and the dashboard read it.
 */

/** A task as it appears in a run, in the order of the experiment file. The order decides its colour for life. */
export interface TaskDescription {
  readonly id: string;
  readonly kind: TaskKind;
  /** The metric shown first, e.g. `accuracy`. */
  readonly headlineMetric: string;
  readonly metrics: readonly MetricDescription[];
  /** Class labels in the order of the outputs, or the names of a multi-label task's labels; empty for regression. */
  readonly classes: readonly string[];
}

export interface MetricDescription {
  readonly name: string;
  readonly better: "higher" | "lower";
  /** `share` is drawn in per cent; `plain` as it is. */
  readonly unit: "share" | "plain";
}

/** Which tasks' losses depend on a parameter decides what it is: two or more make it common, one makes it owned. */
export type Reach = "common" | "owned" | "frozen";

/** One trainable tensor. */
export interface ParameterDescription {
  /** `<layer>.<weight>`, e.g. `conv1.kernel`. Unique in a run. */
  readonly name: string;
  readonly layer: string;
  /** The weight's own name: `kernel`, `bias`, `gamma`, … */
  readonly weight: string;
  readonly shape: readonly number[];
  readonly size: number;
  readonly reach: Reach;
  /** Ids of the tasks whose loss reaches this parameter. */
  readonly tasks: readonly string[];
}

/** How ownership was measured: from per-task accumulators, or attributed through the optimizer's shared ones. */
export type OwnershipKind = "exact" | "attributed";

export type Split = "train" | "validation" | "test";

/** Bins of the rAU histogram, equal width over [0, 1]; the last bin is closed. */
export const histogramBins = 20;

/** A weight belongs to a task when that task's rAU exceeds this. */
export const dominanceThreshold = 0.9;

/** Names of recorded series. Scalars have width 1; `dominance-histogram` holds `tasks × histogramBins` counts a step. */
export const series = {
  loss: (task: string) => `loss/${task}`,
  validationLoss: (task: string) => `validation-loss/${task}`,
  metric: (split: Split, task: string, metric: string) => `metric/${split}/${task}/${metric}`,
  weight: (task: string) => `weight/${task}`,
  gradientNorm: (task: string) => `gradient-norm/${task}`,
  cosine: (a: string, b: string) => `cosine/${a}/${b}`,
  /** The same over the parameters of one layer. */
  layerCosine: (layer: string, a: string, b: string) => `layer-cosine/${layer}/${a}/${b}`,
  conflictRate: "conflict-rate",
  help: (task: string) => `help/${task}`,
  directionNorm: "direction-norm",
  /** Norm of the direction, heads included, before it was clipped. */
  unclippedNorm: "unclipped-norm",
  /** Share of the steps since the last tracked one that were clipped. */
  clippedShare: "clipped-share",
  /** Mean rAU of a task over one tensor. */
  dominance: (parameter: string, task: string) => `dominance/${parameter}/${task}`,
  /** Mean rAU of a task over all common parameters. */
  trunkDominance: (task: string) => `dominance/${task}`,
  /** Share of a tensor's elements that a task owns (rAU above the threshold). */
  dominated: (parameter: string, task: string) => `dominated/${parameter}/${task}`,
  /** Share of all common elements that a task owns. */
  trunkDominated: (task: string) => `dominated/${task}`,
  dominanceHistogram: (parameter: string) => `dominance-histogram/${parameter}`,
  learningRate: "learning-rate",
  stepsPerSecond: "steps-per-second",
  system: (what: string) => `system/${what}`,
} as const;

/** What is known of a run once its data and model stand, before the first step. */
export interface RunDescription {
  readonly tasks: readonly TaskDescription[];
  readonly parameters: readonly ParameterDescription[];
  readonly ownership: OwnershipKind;
  /** Id of the optimizer, e.g. `adam`: attributed ownership is measured through its accumulators. */
  readonly optimizer?: string;
  readonly backend: string;
  /** Missing until the first steps have told, and in runs of earlier versions. */
  readonly compiled?: StepCompilation;
  readonly stepsPerEpoch: number;
  readonly totalSteps: number;
  readonly epochs: number;
  /** Rows in each split. */
  readonly rows: Readonly<Record<Split, number>>;
}

/** Whether steps run compiled (docs/compiled.md); else why not, as the end of a sentence. */
export type StepCompilation = { readonly works: true } | { readonly works: false; readonly reason: string };

/** The element map of one tensor: rAU of each task for each element. */
export interface OwnershipMap {
  readonly parameter: string;
  /** `tasks × size` values, task-major; rAU in [0, 1] as round(255 · rAU). */
  readonly shares: Uint8Array;
}

export type RunEventKind =
  | "state" // a change of status
  | "note" // worth knowing, nothing to worry about: which backend was taken, and why
  | "warning"
  | "non-finite" // a skipped step, a dropped task
  | "checkpoint"
  | "best" // a new best checkpoint
  | "finding";

/** Something that happened at a step; shown in lists and as marks on charts. */
export interface RunEvent {
  readonly kind: RunEventKind;
  readonly step: number;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly message: string;
  readonly detail?: Readonly<Record<string, string | number | boolean>>;
}

/** `metrics[split][task][name]`, as `run --json` prints it. */
export type MetricTable = Partial<Record<Split, Record<string, Record<string, number>>>>;

/** Share of each task: mean rAU over the trunk and over each common parameter. Shares of one parameter sum to 1. */
export interface DominanceTable {
  readonly trunk: Record<string, number>;
  readonly parameters: Record<string, Record<string, number>>;
}

/** How fast a run's steps were, of the process that ended it. */
export interface RunSpeed {
  readonly rowsPerSecond: number;
  /** Share of the steps' time that was spent getting their batches. */
  readonly waiting: number;
  /** The most memory that the process has held. */
  readonly peakRssMiB: number;
}

/** The end of a run that completed or was stopped. */
export interface RunResult {
  readonly metrics: MetricTable;
  readonly dominance: DominanceTable;
  readonly bestStep: number | null;
  readonly speed?: RunSpeed;
}
