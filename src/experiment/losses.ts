import { z } from "zod";

const classWeights = z
  .union([
    z.literal("balanced").describe("Each class by the inverse of how often the training rows have it; 1 on average."),
    z.array(z.number().min(0)).min(2).describe("One number a class, in the order of the classes."),
    z.record(z.string(), z.number().min(0)).describe("A number for each class that is to have another weight than 1."),
  ])
  .optional()
  .describe("What a row counts, by its class: `balanced`, a list in the order of the classes, or classes with numbers.");

const positiveWeight = z
  .union([
    z.literal("balanced").describe("Negatives ⁄ positives among the training rows, for each label."),
    z.number().gt(0).describe("The same number for every label."),
    z.record(z.string(), z.number().gt(0)).describe("A number for each label that is to have another weight than 1."),
  ])
  .default(1)
  .describe("What a positive label counts beside a negative one: a number, `balanced`, or labels with numbers.");

/** The losses by name, each with its options. */
export const lossOptions = {
  "cross-entropy": z.strictObject({
    labelSmoothing: z.number().min(0).lt(1).default(0).describe("Share of the target that is spread evenly over all classes."),
    classWeights,
  }),
  focal: z.strictObject({
    gamma: z.number().min(0).max(10).default(2).describe("How much less a row counts the surer the answer is; 0 is cross-entropy."),
    classWeights,
  }),
  "binary-cross-entropy": z.strictObject({ positiveWeight }),
  "ordinal-cross-entropy": z.strictObject({}),
  mse: z.strictObject({}),
  mae: z.strictObject({}),
  huber: z.strictObject({
    delta: z.number().gt(0).default(1).describe("Error at which the square becomes a line, in standard deviations of the label."),
  }),
  cosine: z.strictObject({}),
  gaussian: z.strictObject({}),
};

export type LossName = keyof typeof lossOptions;

/** What is known of a loss whatever its options. */
interface LossFacts {
  /** Its equation, for hover and for the page of the tasks. `z` are outputs, `p` the shares that they stand for, `y` the target. */
  readonly summary: string;
  readonly source?: string;
  /** True where it can be below 0. */
  readonly negative?: boolean;
  /** Metrics of a task that names none, where those of its kind say little of this loss. */
  readonly metrics?: readonly "cosine"[];
}

export const lossFacts: Readonly<Record<LossName, LossFacts>> = {
  "cross-entropy": { summary: "−ln p of the true class, p = softmax(z)." },
  focal: {
    summary: "−(1 − p)^γ ln p of the true class: what is told well already counts less.",
    source: "Lin, Goyal, Girshick, He, Dollár, ICCV 2017, arXiv 1708.02002",
  },
  "binary-cross-entropy": { summary: "−w y ln p − (1 − y) ln(1 − p), p = σ(z), w the weight of positives; the mean over several labels." },
  "ordinal-cross-entropy": {
    summary:
      "Σ over the thresholds between ordered classes of the binary cross-entropy of “above it or not”; all thresholds share one score.",
    source: "CORAL: Cao, Mirjalili, Raschka, Pattern Recognition Letters 2020, arXiv 1901.07884",
  },
  mse: { summary: "(z − y)², of standardised numbers." },
  mae: { summary: "|z − y|, of standardised numbers." },
  huber: { summary: "½ (z − y)² up to an error of δ, δ |z − y| − ½ δ² beyond.", source: "Huber, Annals of Mathematical Statistics 1964" },
  cosine: { summary: "1 − cos(z, y), for vectors of which the direction counts; components keep their zero.", metrics: ["cosine"] },
  gaussian: {
    summary: "½ (s + (z − y)² e^(−s)): each number with its log variance s, which the network tells too, kept in [−10, 10].",
    source: "Nix, Weigend, ICNN 1994",
    negative: true,
  },
};

export const lossNames = [
  "cross-entropy",
  "focal",
  "binary-cross-entropy",
  "ordinal-cross-entropy",
  "mse",
  "mae",
  "huber",
  "cosine",
  "gaussian",
] as const satisfies readonly LossName[];

/** A loss by its name alone, or one key with the name and its options. */
export const lossSchema = z.union([
  z.enum(lossNames),
  z.strictObject({ "cross-entropy": lossOptions["cross-entropy"] }),
  z.strictObject({ focal: lossOptions.focal }),
  z.strictObject({ "binary-cross-entropy": lossOptions["binary-cross-entropy"] }),
  z.strictObject({ "ordinal-cross-entropy": lossOptions["ordinal-cross-entropy"] }),
  z.strictObject({ mse: lossOptions.mse }),
  z.strictObject({ mae: lossOptions.mae }),
  z.strictObject({ huber: lossOptions.huber }),
  z.strictObject({ cosine: lossOptions.cosine }),
  z.strictObject({ gaussian: lossOptions.gaussian }),
]);

export type LossEntry = z.output<typeof lossSchema>;
export type LossOptions<Name extends LossName> = z.output<(typeof lossOptions)[Name]>;
export type ClassWeights = LossOptions<"cross-entropy">["classWeights"];
export type PositiveWeight = LossOptions<"binary-cross-entropy">["positiveWeight"];

/** A loss with all its options. */
export type FullLoss = Exclude<LossEntry, string>;

/** The loss with its options; a name alone means the default options. */
export function fullLoss(entry: LossEntry): FullLoss {
  const full = typeof entry === "string" ? lossSchema.parse({ [entry]: {} }) : entry;
  if (typeof full === "string") throw new RangeError(`The loss ${full} has no options.`);
  return full;
}

export function lossNameOf(entry: LossEntry): LossName {
  const name = typeof entry === "string" ? entry : lossNames.find((each) => Object.hasOwn(entry, each));
  if (name === undefined) throw new RangeError("This is no loss.");
  return name;
}
