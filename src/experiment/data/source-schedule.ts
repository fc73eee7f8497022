import { z } from "zod";

/** Shares that lie farther apart would make an epoch as many times longer. */
const farthestApart = 100;

const namedShares = z
  .record(z.string(), z.number().positive().describe("Share of this source, beside the shares of the others."))
  .refine(areComparable, `The largest share may be at most ${farthestApart} times the smallest.`);

const shares = z
  .union([z.enum(["rows", "equal", "root"]), namedShares])
  .describe(
    "Share of each source: by its rows, the same for all, or by a root of its rows, which lies between the two; or a number for each source by name: `{a: 3, b: 1}` draws three times as much of `a`.",
  );

function areComparable(shares: Readonly<Record<string, number>>): boolean {
  // One that is not above 0 is told by itself.
  const all = Object.values(shares).filter((share) => share > 0);
  return all.length === 0 || Math.max(...all) <= farthestApart * Math.min(...all);
}

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

/**
 * How much is drawn of each source for one of another, given what there is to draw in each: by the numbers that the schedule names, or
 * size^(1 ⁄ temperature). Temperature 1 goes by size; 2 takes square roots; ∞ is the same for all.
 * (Temperature-scaled mixing: Raffel et al., JMLR 2020, §3.5.2.)
 */
export function shareWeights(
  { shares: by, temperature: root }: SourceSchedule,
  sources: readonly { readonly name: string; readonly size: number }[],
): readonly number[] {
  switch (by) {
    case "rows":
      return sources.map(({ size }) => size);
    case "root":
      return sources.map(({ size }) => size ** (1 / root));
    case "equal":
      return sources.map(() => 1);
    default:
      return sources.map(({ name }) => shareOf(by, name));
  }
}

function shareOf(shares: Readonly<Record<string, number>>, name: string): number {
  const share = shares[name];
  if (share === undefined) throw new TypeError(`The check of the experiment let the source "${name}" be without a share.`);
  return share;
}
