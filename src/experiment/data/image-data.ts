import { z } from "zod";
import { memorySchema, scaleSchema } from "./array-data.ts";
import { imageAugmentSchema } from "./augment-data.ts";
import { splitSchema } from "./split-data.ts";

const side = z.int().min(1).max(4096);

export const imageSchema = z
  .strictObject({
    column: z.string().min(1).describe("Column of the label file with each row's image file, relative to `data.folder`."),
    size: z.tuple([side, side]).describe("Height and width, in pixels, that every image is brought to."),
    channels: z.literal([1, 3]).default(3).describe("3: red, green and blue; 1: grey."),
    fit: z
      .enum(["cover", "contain", "stretch"])
      .default("cover")
      .describe(
        "How an image of another shape is brought to the size. `cover`: its middle fills it, edges are cut off. `contain`: all of it is shown, on black. `stretch`: height and width each by their own factor.",
      ),
  })
  .describe("The images, and what they are brought to.");

/** A folder of images, with a table that tells their labels. */
export const folderDataSchema = z.strictObject({
  folder: z.string().min(1).describe("Folder of png and jpeg images, relative to this file."),
  labels: z
    .string()
    .min(1)
    .describe("Path of the table with a row for each image (csv, tsv, json, jsonl or parquet), relative to this file."),
  image: imageSchema,
  scale: scaleSchema
    .default("standard")
    .describe(
      "How pixels enter the network. `standard`: mean 0 and deviation 1 in each channel, measured in up to 1,000 training images. `unit`: from 0 to 1. `none`: from 0 to 255.",
    ),
  memory: memorySchema.describe("Most memory that decoded images are kept in, in MiB. Others are decoded again when their turn comes."),
  augment: imageAugmentSchema.optional(),
  split: splitSchema.prefault({}),
});
