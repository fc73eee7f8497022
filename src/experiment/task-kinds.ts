import type { LossName } from "./losses.ts";
import type { NamedMetric } from "./metrics.ts";

export const taskKindNames = ["classification", "binary", "multi-label", "ordinal", "regression", "segmentation"] as const;

/** What a task predicts. */
export type TaskKind = (typeof taskKindNames)[number];

/** Keys of a task that say where its labels are, beside `column`, and what they are. */
export const labelKeys = ["columns", "separator", "classes", "ignore", "threshold"] as const;

export type LabelKey = (typeof labelKeys)[number];

/**
 * A kind of task as far as an experiment file knows it. What it is for the network (targets, output layer, answers) is in
 * `training/kinds`: a new kind is an entry in each of the two tables.
 */
export interface TaskKindFacts {
  /** What is predicted, for hover and for the page of the tasks. */
  readonly summary: string;
  /** What its labels look like. */
  readonly labels: string;
  /** Whether its answers are classes or numbers: what methods that tell kinds of tasks apart go by. */
  readonly answers: "classification" | "regression";
  /** Losses that fit; the first is the default. */
  readonly losses: readonly [LossName, ...LossName[]];
  /** Metrics that fit. */
  readonly metrics: readonly NamedMetric[];
  /** Whether `{top: k}` fits too. */
  readonly top?: boolean;
  /** Metrics of a task that names none; the first is the headline. */
  readonly defaults: readonly [NamedMetric, ...NamedMetric[]];
  readonly keys: readonly LabelKey[];
}

export const taskKinds: Readonly<Record<TaskKind, TaskKindFacts>> = {
  classification: {
    summary: "One of several classes.",
    labels: "A column with the classes as text or numbers.",
    answers: "classification",
    losses: ["cross-entropy", "focal"],
    metrics: ["accuracy", "balanced-accuracy", "top3", "top5", "f1", "auc"],
    top: true,
    defaults: ["accuracy", "f1"],
    keys: ["classes", "threshold"],
  },
  binary: {
    summary: "Yes or no, from one output.",
    labels: "A column with two values; the greater one, or the second of `classes`, is the positive one.",
    answers: "classification",
    losses: ["binary-cross-entropy", "focal"],
    metrics: ["accuracy", "balanced-accuracy", "f1", "auc"],
    defaults: ["accuracy", "auc"],
    keys: ["classes", "threshold"],
  },
  "multi-label": {
    summary: "Any number of labels at once, each yes or no.",
    labels: "Several `columns` of 0 and 1, or a column of lists, or a column of text with a `separator`.",
    answers: "classification",
    losses: ["binary-cross-entropy"],
    metrics: ["accuracy", "f1", "auc"],
    defaults: ["f1", "accuracy"],
    keys: ["columns", "separator", "classes"],
  },
  ordinal: {
    summary: "One of several classes that have an order.",
    labels: "A column with numbers, or with the texts that `classes` names in their order.",
    answers: "classification",
    losses: ["ordinal-cross-entropy"],
    metrics: ["kappa", "mae", "accuracy", "balanced-accuracy", "f1"],
    defaults: ["kappa", "mae"],
    keys: ["classes"],
  },
  regression: {
    summary: "A number, or several.",
    labels: "A column of numbers, several `columns`, or a column of lists of one length.",
    answers: "regression",
    losses: ["mse", "mae", "huber", "cosine", "gaussian"],
    metrics: ["rmse", "mae", "r2", "spearman", "cosine"],
    defaults: ["rmse", "r2"],
    keys: ["columns"],
  },
  segmentation: {
    summary: "A class for each pixel.",
    labels: "An array of class numbers, [height, width] a row, or in a folder of images a column with the names of mask files.",
    answers: "classification",
    losses: ["cross-entropy", "focal"],
    metrics: ["miou", "accuracy", "balanced-accuracy", "f1"],
    defaults: ["miou", "accuracy"],
    keys: ["classes", "ignore"],
  },
};
