import { z } from "zod";

const shares = z
  .enum(["rows", "equal", "root"])
  .describe("Share of each source: by its rows, the same for all, or by a root of its rows, which lies between the two.");

const temperature = z
  .number()
  .min(1)
  .max(100)
  .default(2)
  .describe(
    "Which root `shares: root` takes: shares go with rows^(1/temperature). 2 is the square root, 1 is `rows`, and large is `equal`.",
  );

/** Every batch holds rows of every source. */
const mixedSchema = z.strictObject({
  batches: z.literal("mixed").describe("Every batch holds rows of every source."),
  shares: shares.default("rows"),
  temperature,
});

/** Every batch holds rows of one source. */
const alternateSchema = z.strictObject({
  batches: z.literal("alternate").describe("Every batch holds rows of one source alone."),
  order: z
    .enum(["round-robin", "random"])
    .default("round-robin")
    .describe("Whose batch is next: in turns as even as the shares allow, or by chance. Either way each has its share in every epoch."),
  shares: shares.default("equal"),
  temperature,
});

/** Keys of a schedule with the given `batches`; all that there are where that says nothing. */
export function scheduleKeys(batches: string | undefined): readonly string[] {
  return Object.keys(batches === "mixed" ? mixedSchema.shape : alternateSchema.shape);
}

export const sourceScheduleSchema = z
  .union([z.enum(["mixed", "alternate"]), mixedSchema, alternateSchema])
  .describe(
    "How batches are drawn from several sources. An epoch lasts until every row of every source was drawn; a source with a greater share than its rows is gone through several times in it.",
  );

/** How batches are drawn from several sources, all defaults filled in. */
export type SourceSchedule = z.output<typeof mixedSchema> | z.output<typeof alternateSchema>;

export function resolveSourceSchedule(schedule: z.output<typeof sourceScheduleSchema>): SourceSchedule {
  if (schedule === "mixed") return mixedSchema.parse({ batches: schedule });
  if (schedule === "alternate") return alternateSchema.parse({ batches: schedule });
  return schedule;
}

/** The temperature of a schedule's shares, from 1 (by rows) to ∞ (the same for all). */
export function temperatureOf({ shares: by, temperature: root }: SourceSchedule): number {
  if (by === "root") return root;
  return by === "rows" ? 1 : Infinity;
}
