import { z } from "zod";

/** What is watched: all tasks together, or `task/metric`. */
export const watchedSchema = z
  .string()
  .regex(/^mean$|^[^/]+\/[^/]+$/, "Write `mean`, or a task and its metric: `species/accuracy`, or `species/loss`.")
  .default("mean")
  .describe(
    "What is watched on the validation rows: the mean of the tasks' headline metrics (`mean`), one metric (`species/accuracy`), or a task's loss (`species/loss`).",
  );

/** When a validation that no longer gets better is believed. */
export const plateauOptions = {
  patience: z.int().min(1).max(1_000_000).default(10).describe("Epochs without a better validation that are waited for."),
  metric: watchedSchema,
  minDelta: z.number().min(0).default(0).describe("What is better by no more than this is not better."),
};

export const earlyStoppingSchema = z
  .strictObject({
    ...plateauOptions,
    restoreBest: z
      .boolean()
      .default(true)
      .describe("Test with the weights of the best validation, whenever the training ends; else with the last ones."),
  })
  .describe("Ends the training when the validation no longer gets better. In place of what the balancing method brings with it.");

export type EarlyStopping = z.output<typeof earlyStoppingSchema>;
