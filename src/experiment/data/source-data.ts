import { z } from "zod";
import { sourceScheduleSchema } from "./source-schedule.ts";

const name = z.string().regex(/^[A-Za-z_][\w-]*$/, "Use letters, digits, _ and -, beginning with a letter or _.");

/** What a source says beside where its rows come from. */
export const sourceTasks = {
  tasks: z.array(z.string()).min(1).describe("Tasks that this source's rows have labels for. Each task is learnt from one source."),
};

/** A single form of data as one of several sources. */
export function asSource<Shape extends z.core.$ZodShape>(form: z.ZodObject<Shape, z.core.$strict>) {
  return form.extend(sourceTasks);
}

/** Several sources, each of a form that `source` takes. */
export function sourcesDataSchema<Source extends z.ZodType>(source: Source) {
  return z.strictObject({
    sources: z
      .record(name, source)
      .describe("Sources of rows by name, each with a file or data set, inputs and split of its own. All have the same inputs."),
    schedule: sourceScheduleSchema.default("mixed"),
  });
}
