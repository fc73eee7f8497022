import type { TaskKind } from "../../experiment/task-kinds.ts";
import { dense, firstWeights, greatest, oneHot, sizeOf, type Lesson, type TrainedKind } from "./kind.ts";

const classification: TrainedKind = {
  ...dense(({ classes }) => classes.length),
  outputWords: "one logit for each of its classes",
  lesson: oneHot,
  reading: { as: "classes", width: ({ classes }) => classes.length, answer: greatest },
};

/** One logit: yes above 0. */
const binary: TrainedKind = {
  ...dense(() => 1),
  outputWords: "one logit, above 0 for yes",
  lesson: { by: "numbers" },
  reading: { as: "classes", width: () => 1, answer: (output, at) => ((output[at] ?? 0) > 0 ? 1 : 0), f1: [1] },
};

/** One logit a label. */
const multiLabel: TrainedKind = {
  ...dense(({ classes }) => classes.length),
  outputWords: "one logit for each of its labels",
  lesson: { by: "numbers" },
  reading: { as: "marks" },
};

/** For K ordered classes K − 1 lines: whether the class is above the first, above the second, … */
const levels: Lesson = {
  by: "classes",
  columns: ({ classes }) => classes.length - 1,
  write: (value, into, at) => {
    into.fill(1, at, at + value);
  },
};

/** K − 1 logits, one for each threshold between neighbours; the answer is how many of them are passed. */
const ordinal: TrainedKind = {
  output: ({ classes }) => ({
    layer: "thresholds",
    arguments: { thresholds: classes.length - 1, ...firstWeights },
    on: "features",
  }),
  outputShape: ({ classes }) => [classes.length - 1],
  outputWords: "one logit for each threshold between neighbours in the order of its classes, above 0 where the class is above it",
  lesson: levels,
  reading: {
    as: "classes",
    width: ({ classes }) => classes.length - 1,
    answer: (output, at, width) => {
      let passed = 0;
      for (let k = at; k < at + width; k++) if ((output[k] ?? 0) > 0) passed += 1;
      return passed;
    },
  },
};

/** A number a component; where the loss asks how sure it is, then a log variance a component. */
const regression: TrainedKind = {
  ...dense((task, loss) => sizeOf(task) * (loss === "gaussian" ? 2 : 1)),
  outputWords: "one number for each of its components",
  furtherWords: "and then as many log variances, for the loss gaussian",
  lesson: { by: "numbers" },
  reading: { as: "numbers" },
};

/** A logit a class for each pixel, `[rows, height, width, classes]`. */
const segmentation: TrainedKind = {
  output: ({ classes }) => ({
    layer: "conv2d",
    arguments: { filters: classes.length, kernelSize: 1, ...firstWeights },
    on: "pixels",
  }),
  outputShape: ({ shape, classes }) => [...shape, classes.length],
  outputWords: "one logit for each of its classes at each pixel",
  lesson: oneHot,
  reading: { as: "classes", width: ({ classes }) => classes.length, answer: greatest },
};

export const trainedKinds: Readonly<Record<TaskKind, TrainedKind>> = {
  classification,
  binary,
  "multi-label": multiLabel,
  ordinal,
  regression,
  segmentation,
};
