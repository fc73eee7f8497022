import { z } from "zod";
import { imageAugmentSchema } from "./augment-data.ts";
import { splitSchema } from "./split-data.ts";

/** How pixels and other numbers of arrays enter the network. */
export const scaleSchema = z.enum(["standard", "unit", "none"]);

const scale = scaleSchema
  .default("standard")
  .describe(
    "How numbers enter the network. `standard`: mean 0 and deviation 1 in each channel (last axis) over the training rows. `unit`: from 0 to 1, whole numbers without sign by the greatest of their type (bytes ÷ 255), others by the range of the training rows. `none`: as they are.",
  );

/** In MiB. */
export const memorySchema = z
  .int()
  .min(1)
  .max(2 ** 20)
  .default(512);

const memory = memorySchema.describe("Most memory that the arrays may take, in MiB.");

const inputSchema = z.union([
  z.string().min(1),
  z.strictObject({
    array: z.string().min(1).describe("Name of the array."),
    as: z
      .enum(["image", "sequence"])
      .optional()
      .describe(
        "What three axes are: `image` [rows, height, width], which gets an axis for its one channel, or `sequence` [rows, steps, features], which stays as it is. Default: image.",
      ),
    scale: scaleSchema.optional().describe("How its numbers enter the network. Default: `data.scale`."),
  }),
]);

const inputs = z
  .array(inputSchema)
  .min(1)
  .describe(
    "Arrays that enter the network, each an input of its own: one row an entry of the first axis. Images get their channel axis if they have none.",
  );

/** An npz archive of several arrays. */
export const archiveDataSchema = z.strictObject({
  file: z
    .string()
    .regex(/\.[nN][pP][zZ]$/)
    .describe("Path of an npz archive of arrays (np.savez), relative to this file."),
  inputs,
  scale,
  memory,
  augment: imageAugmentSchema.optional(),
  split: splitSchema.prefault({}),
});

/** Arrays that have a file each. */
export const arraysDataSchema = z.strictObject({
  arrays: z
    .record(z.string().min(1), z.string().min(1))
    .describe("Arrays by name, each with the path of its npy or idx file (gzip too), relative to this file."),
  inputs,
  scale,
  memory,
  augment: imageAugmentSchema.optional(),
  split: splitSchema.prefault({}),
});
