import { experimentSchema, type Experiment } from "../../../../../src/experiment/schema.ts";

type Tasks = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** An experiment on arrays, checked by the real schema. */
export function arrayExperiment(
  data: Readonly<Record<string, unknown>>,
  tasks: Tasks = { digit: { kind: "classification" } },
  more: Readonly<Record<string, unknown>> = {},
): Experiment {
  return experimentSchema.parse({ name: "test", data, tasks, model: { trunk: ["flatten", { dense: { units: 4 } }] }, ...more });
}
