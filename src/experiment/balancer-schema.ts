import { z } from "zod";

/** A method of the catalogue, which describes its options. */
export const balancerSchema = z
  .union([z.string().min(1), z.looseObject({ method: z.string().min(1) })])
  .describe("How the tasks are balanced: a method, or a method with its options.");
