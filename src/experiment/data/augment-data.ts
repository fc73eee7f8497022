import { z } from "zod";

const noise = z
  .number()
  .min(0)
  .max(10)
  .default(0)
  .describe(
    "Standard deviation of Gaussian noise that is added to every number as it enters the network; with `scale: standard`, in deviations.",
  );
const dropout = z
  .number()
  .min(0)
  .lt(1)
  .default(0)
  .describe("Share of the numbers that are set to 0; with `scale: standard`, to their mean.");

/** What changes training rows of images each time they are drawn. */
export const imageAugmentSchema = z
  .strictObject({
    flip: z
      .enum(["horizontal", "vertical", "both"])
      .optional()
      .describe("Mirrors every second image, by chance; `both`: in each direction by itself."),
    shift: z
      .int()
      .min(0)
      .max(4096)
      .default(0)
      .describe("Most pixels that an image is moved in each direction; black comes in from the edge."),
    rotate: z.number().min(0).max(180).default(0).describe("Most degrees that an image is turned about its middle, to either side."),
    zoom: z.number().min(0).lt(1).default(0).describe("Greatest change of size: 0.1 is from 0.9 to 1.1 times."),
    brightness: z.number().min(0).max(1).default(0).describe("Greatest change of brightness: 0.2 is from 0.8 to 1.2 times."),
    contrast: z
      .number()
      .min(0)
      .max(1)
      .default(0)
      .describe("Greatest change of contrast around an image's own mean: 0.2 is from 0.8 to 1.2 times."),
    noise,
    dropout,
  })
  .describe("Changes training images by chance each time they are drawn. Validation and test see them as they are.");

/** What changes training rows of a table each time they are drawn. */
export const tableAugmentSchema = z
  .strictObject({ noise, dropout })
  .describe("Changes training rows by chance each time they are drawn. Validation and test see them as they are.");

export type ImageAugment = z.output<typeof imageAugmentSchema>;
