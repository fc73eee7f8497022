import { experimentSchema, type Experiment } from "../../../../src/experiment/schema.ts";
import type { TableInput } from "../../../../src/experiment/table-inputs.ts";

/** What differs from the smallest experiment on a table. */
export interface TableSettings {
  readonly file: string;
  readonly inputs?: readonly (string | TableInput)[];
  readonly missing?: TableInput["missing"];
  readonly split?: { readonly validation?: number; readonly test?: number; readonly seed?: number };
  readonly tasks?: Readonly<
    Record<
      string,
      { readonly column?: string; readonly kind: "classification" | "regression" | "multi-label"; readonly threshold?: number }
    >
  >;
}

/** An experiment on a table, checked by the real schema. */
export function tableExperiment({
  file,
  inputs = ["x"],
  missing,
  split,
  tasks = { y: { kind: "regression" } },
}: TableSettings): Experiment {
  return experimentSchema.parse({
    name: "test",
    data: { file, inputs, missing, split },
    tasks,
    model: { trunk: [{ dense: { units: 4 } }] },
  });
}

export function multiMnistExperiment(data: Readonly<Record<string, unknown>> = {}, tasks: Experiment["tasks"] = bothDigits): Experiment {
  return experimentSchema.parse({ name: "test", data: { dataset: "multi-mnist", ...data }, tasks, model: { trunk: ["flatten"] } });
}

export const bothDigits = { left: { kind: "classification" }, right: { kind: "classification" } } as const;
