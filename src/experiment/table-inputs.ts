import { z } from "zod";

export const datePartNames = ["year", "month", "day", "weekday", "day-of-year", "hour", "minute", "minute-of-day"] as const;

export type DatePart = (typeof datePartNames)[number];

export const missingSchema = z.enum(["mean", "zero", "category", "drop", "error"]);

/** How a column of a table enters the network, where its name alone does not say enough. */
export const tableInputSchema = z
  .strictObject({
    column: z.string().min(1).describe("Name of the column."),
    encode: z
      .union([z.enum(["number", "one-hot", "embedding"]), z.array(z.enum(datePartNames)).min(1)])
      .optional()
      .describe(
        "`number`; `one-hot`: a feature for each category; `embedding`: a trained vector for each category; or a list of the parts of a date. Default: numbers are numbers, text is one-hot.",
      ),
    size: z
      .int()
      .min(1)
      .max(1024)
      .optional()
      .describe("Length of an embedding's vectors. Default: 1.6 · categories^0.56, rounded, at most 50."),
    scale: z
      .enum(["standard", "minmax", "none"])
      .optional()
      .describe(
        "Of numbers: to mean 0 and deviation 1, to the range from 0 to 1, or as they are; measured on the training rows. Default: standard.",
      ),
    cyclic: z
      .boolean()
      .optional()
      .describe("Parts of a date as sine and cosine of the way through their cycle, so that December is near January. Default: true."),
    missing: missingSchema.optional().describe("What to do where this input is missing. Default: `data.missing`."),
  })
  .describe("A column, and how it enters the network.");

export type TableInput = z.output<typeof tableInputSchema>;

/** An input as it is written: a name stands for the column with every default. */
export function tableInput(entry: string | TableInput): TableInput {
  return typeof entry === "string" ? { column: entry } : entry;
}
