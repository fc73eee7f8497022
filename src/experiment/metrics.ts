import { z } from "zod";

export const metricNames = [
  "accuracy",
  "balanced-accuracy",
  "top3",
  "top5",
  "f1",
  "auc",
  "kappa",
  "miou",
  "rmse",
  "mae",
  "r2",
  "spearman",
  "cosine",
] as const;

/** A metric that has a name of its own; `{top: k}` has one for each k. */
export type NamedMetric = (typeof metricNames)[number];

export const metricSchema = z.union([
  z.enum(metricNames),
  z.strictObject({ top: z.int().min(2).max(1000).describe("How many of the likeliest classes may hold the true one.") }),
]);

export type MetricEntry = z.output<typeof metricSchema>;
export type MetricName = NamedMetric | `top${number}`;

/** The name that a metric has in series and tables. */
export function metricName(entry: MetricEntry): MetricName {
  return typeof entry === "string" ? entry : `top${entry.top}`;
}

/** What is known of a metric. */
export interface MetricFacts {
  readonly better: "higher" | "lower";
  /** `share` is drawn in per cent; `plain` as it is. */
  readonly unit: "share" | "plain";
  /** Its definition, for hover and for the page of the tasks. */
  readonly summary: string;
  /** True where all rows of a split must be ranked: measured in validation and test alone, exactly; not on the batches trained on. */
  readonly ranks?: boolean;
}

const top: MetricFacts = { better: "higher", unit: "share", summary: "Share of rows whose true class is among the k likeliest." };

const facts: Readonly<Record<NamedMetric, MetricFacts>> = {
  accuracy: {
    better: "higher",
    unit: "share",
    summary: "Share of right answers: of rows, of labels (multi-label), of pixels (segmentation).",
  },
  "balanced-accuracy": {
    better: "higher",
    unit: "share",
    summary: "Mean over the classes that occur of the share of their rows answered right.",
  },
  top3: top,
  top5: top,
  f1: {
    better: "higher",
    unit: "share",
    summary:
      "2 TP ⁄ (2 TP + FP + FN): of the positive class (binary), else the mean over the classes or labels that occur or are answered.",
  },
  auc: {
    better: "higher",
    unit: "share",
    summary:
      "Area under the ROC curve: how often a positive row is ranked above a negative one, ties half. Of several classes or labels the mean, each against the rest.",
    ranks: true,
  },
  kappa: {
    better: "higher",
    unit: "plain",
    summary:
      "Cohen's kappa with quadratic weights: 1 − Σ (i − j)² observed ⁄ Σ (i − j)² expected by chance, over the ranks i and j of the classes.",
  },
  miou: {
    better: "higher",
    unit: "share",
    summary: "Mean over the classes that occur of intersection ⁄ union of their pixels in the whole split.",
  },
  rmse: { better: "lower", unit: "plain", summary: "√ of the mean squared error, in the column's unit; of a vector over all components." },
  mae: {
    better: "lower",
    unit: "plain",
    summary: "Mean absolute error: in the column's unit, of a vector over all components; of ordered classes in ranks.",
  },
  r2: { better: "higher", unit: "plain", summary: "1 − Σ error² ⁄ Σ (y − mean)²; of a vector the mean over the components." },
  spearman: {
    better: "higher",
    unit: "plain",
    summary: "Correlation of the ranks of answers and labels, ties sharing their mean rank; of a vector the mean over the components.",
    ranks: true,
  },
  cosine: { better: "higher", unit: "plain", summary: "Mean cosine of the angle between answer and label." },
};

/** What is known of a metric by its name in series. Throws `RangeError` for a name that is none. */
export function metricFacts(name: string): MetricFacts {
  const named = metricNames.find((each) => each === name);
  if (named !== undefined) return facts[named];
  if (/^top\d+$/.test(name)) return top;
  throw new RangeError(`There is no metric "${name}".`);
}
