import path from "node:path";
import { experimentForTable } from "../experiment/new-experiment.ts";
import { experimentSchema } from "../experiment/schema.ts";
import type { Inspects } from "../runs/check.ts";

/** Text of a first experiment on a table, to be kept beside it. Throws an error that tells why when there is no way to make one. */
export async function tableExperiment(table: string, inspector: Inspects): Promise<string> {
  const file = path.basename(table);
  // The inspector reads the table of an experiment: this one only says which.
  const question = experimentSchema.parse({
    name: "question",
    data: { file, inputs: ["unknown"] },
    tasks: { unknown: { kind: "regression" } },
    model: { trunk: ["flatten"] },
  });
  const { data } = await inspector.inspect(question, path.dirname(table));
  if (data.columns === undefined) throw new Error(data.problems[0]?.message ?? `${file} could not be read as a table.`);
  return experimentForTable({ name: file.replace(/\.\w+(\.gz)?$/, ""), file, columns: data.columns });
}
