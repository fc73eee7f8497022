import { z } from "zod";

/**
 * The two places where an experiment names the user's own code instead of describing data or layers: `data: {module: ./data.ts}`
 * and `model: {module: ./model.ts}`. What such a file must export is told by docs/custom-code.md.
 */

const module = z
  .string()
  .regex(/\.(?:ts|mts|js|mjs)$/, "Name a file of your own that ends in .ts, .mts, .js or .mjs, relative to this file, e.g. ./model.ts.");

const options = z.record(z.string(), z.unknown()).default({});

export const moduleDataSchema = z.strictObject({
  module: module.describe("A file of your own that gives the rows: its default export is made with `defineData`."),
  options: options.describe("Handed to your function as they are, as `options`."),
});

export const moduleModelSchema = z
  .strictObject({
    module: module.describe("A file of your own that builds the network: its default export is made with `defineModel`."),
    options: options.describe("Handed to your function as they are, as `options`."),
  })
  .describe("The network, built by a file of your own.");

/** Data or a model that the user's own code gives. */
export interface ModuleForm {
  readonly module: string;
  readonly options: Readonly<Record<string, unknown>>;
}
