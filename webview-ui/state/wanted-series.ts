import { findingSeries } from "../../src/analysis/findings.ts";
import type { View } from "../../src/editor/protocol.ts";
import { type ParameterDescription, type RunDescription, series } from "../../src/experiment/record.ts";

/** The series a view shows, by exact name. Whether a run records them is the series list's word. */
export interface Wanted {
  readonly scalars: readonly string[];
  readonly vectors: readonly string[];
}

/** Parameters that enter the ownership map: those that two or more tasks change. */
export function commonParameters(description: RunDescription): readonly ParameterDescription[] {
  return description.parameters.filter((parameter) => parameter.reach === "common");
}

/**
 * What a view wants of a run.
 *
 * @param parameter the tensor chosen in Ownership
 */
export function wantedSeries(view: View, description: RunDescription, recorded: readonly string[], parameter: string | null): Wanted {
  const known = new Set(recorded);
  const only = (names: readonly string[]): readonly string[] => names.filter((name) => known.has(name));
  switch (view) {
    case "overview":
      return { scalars: only([...new Set([...overviewSeries(description), ...findingSeries(description)])]), vectors: [] };
    case "curves":
      return { scalars: recorded.filter(isCurve), vectors: [] };
    case "ownership":
      return {
        scalars: only(ownershipSeries(description, parameter)),
        vectors: parameter === null ? [] : only([series.dominanceHistogram(parameter)]),
      };
  }
}

function overviewSeries(description: RunDescription): string[] {
  const { tasks } = description;
  return [
    ...tasks.flatMap(({ id, headlineMetric }) => [
      series.metric("validation", id, headlineMetric),
      series.loss(id),
      series.weight(id),
      series.gradientNorm(id),
      series.trunkDominated(id),
      series.trunkDominance(id),
    ]),
    ...commonParameters(description).flatMap(({ name }) =>
      tasks.flatMap(({ id }) => [series.dominated(name, id), series.dominance(name, id)]),
    ),
    series.stepsPerSecond,
  ];
}

function ownershipSeries(description: RunDescription, parameter: string | null): string[] {
  const { tasks } = description;
  return [
    ...commonParameters(description).flatMap(({ name }) => tasks.map(({ id }) => series.dominance(name, id))),
    ...tasks.map(({ id }) => series.trunkDominated(id)),
    ...tasks.map(({ id }) => series.trunkDominance(id)),
    ...(parameter === null ? [] : tasks.map(({ id }) => series.dominated(parameter, id))),
    series.stepsPerSecond,
  ];
}

/** Everything but what is of single tensors or layers, and the machine's own figures. */
function isCurve(name: string): boolean {
  const [group, ...rest] = name.split("/");
  if (group === "dominance" || group === "dominated") return rest.length === 1;
  return group !== "dominance-histogram" && group !== "layer-cosine" && group !== "system";
}
