import { z } from "zod";

const final = z.number().min(0).max(1).default(0).describe("Share of the learning rate that is left at the end.");
const unit = (what: string) => z.enum(["epochs", "steps"]).default("epochs").describe(`What ${what} counts.`);

const shapes = {
  step: z
    .strictObject({
      every: z.int().min(1).describe("Epochs (or steps) between two falls."),
      factor: z.number().gt(0).max(1).default(0.1).describe("What the learning rate is multiplied by at each fall."),
      unit: unit("`every`"),
    })
    .describe("Falls by a factor every so many epochs or steps."),
  exponential: z
    .strictObject({
      rate: z.number().gt(0).max(1).describe("What the learning rate is multiplied by after each epoch (or step)."),
      unit: unit("the fall"),
    })
    .describe("Falls by the same factor after each epoch or step."),
  cosine: z
    .strictObject({
      final,
      cycle: z
        .int()
        .min(1)
        .optional()
        .describe("Epochs (or steps) of the first cycle, after which the rate starts anew. Default: one fall."),
      growth: z.number().min(1).max(10).default(1).describe("How much longer each cycle is than the one before."),
      unit: unit("`cycle`"),
    })
    .describe("Falls along half a cosine until the end, or in cycles with warm restarts."),
  linear: z.strictObject({ final }).describe("Falls evenly until the end."),
  polynomial: z
    .strictObject({ power: z.number().gt(0).max(10).default(2).describe("1 falls evenly, more falls early."), final })
    .describe("Falls as a power of the share of steps that is left."),
};

/** The shapes of a schedule by name; at most one of them, beside a warm-up. */
export const scheduleShapes = Object.keys(shapes);

/** How the learning rate changes from step to step. */
export const scheduleSchema = z
  .union([
    z.enum(["constant", "linear", "cosine"]),
    z.strictObject({
      step: shapes.step.optional(),
      exponential: shapes.exponential.optional(),
      cosine: shapes.cosine.optional(),
      linear: shapes.linear.optional(),
      polynomial: shapes.polynomial.optional(),
      warmup: z
        .strictObject({
          epochs: z.number().gt(0).max(1_000_000).optional().describe("Length in epochs; parts of one count."),
          steps: z.int().min(1).optional().describe("Length in steps."),
          from: z.number().min(0).max(1).default(0.01).describe("Share of the learning rate at the first step."),
        })
        .optional()
        .describe("Rises evenly to the learning rate first; the schedule's own shape begins after that."),
    }),
  ])
  .describe("How the learning rate changes: a shape, or one with its options, with a warm-up before it. Default: it stays.");

export type Schedule = z.output<typeof scheduleSchema>;
