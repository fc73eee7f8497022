import { z } from "zod";

const limit = z.number().gt(0);

/** What shortens gradients that are longer than is believed. */
export const clipSchema = z
  .strictObject({
    norm: limit
      .optional()
      .describe(
        "Longest direction: where shared parameters and heads together have a longer one, all of it is shortened. After balancing.",
      ),
    value: limit.optional().describe("Largest element of the direction, up or down. After balancing, and before `norm`."),
  })
  .describe("Shortens what moves the parameters, before the optimizer takes it in.");

export type Clip = z.output<typeof clipSchema>;
