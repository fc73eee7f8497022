import { z } from "zod";

const share = z.number().gt(0).lt(1);

export const splitSchema = z
  .strictObject({
    validation: share.default(0.15).describe("Share of the rows kept for validation after each epoch."),
    test: share.default(0.15).describe("Share of the rows kept for the final test."),
    seed: z.int().min(0).default(0).describe("Seed of the random split; independent of the training seed."),
  })
  .describe("How rows are divided. Whatever is left trains.");
