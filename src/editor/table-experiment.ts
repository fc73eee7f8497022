import path from "node:path";
import { experimentForTables } from "../experiment/data/new-sources.ts";
import { experimentForTable, type TableDescription } from "../experiment/new-experiment.ts";
import { experimentSchema } from "../experiment/schema.ts";
import type { Inspects } from "../runs/check.ts";

/** Text of a first experiment on a table, to be kept beside it. Throws an error that tells why when there is no way to make one. */
export async function tableExperiment(table: string, inspector: Inspects): Promise<string> {
  return experimentForTable(await describe(table, path.dirname(table), inspector));
}

/** The same on several tables, to be kept in a folder. */
export async function tablesExperiment(tables: readonly string[], folder: string, inspector: Inspects): Promise<string> {
  const described: TableDescription[] = [];
  for (const table of tables) described.push(await describe(table, folder, inspector));
  return experimentForTables(described.map(({ name }) => name).join("-"), described);
}

async function describe(table: string, folder: string, inspector: Inspects): Promise<TableDescription> {
  const file = path.relative(folder, table).split(path.sep).join("/");
  // The inspector reads the table of an experiment: this one only says which.
  const question = experimentSchema.parse({
    name: "question",
    data: { file, inputs: ["unknown"] },
    tasks: { unknown: { kind: "regression" } },
    model: { trunk: ["flatten"] },
  });
  const { data } = await inspector.inspect(question, folder);
  if (data.columns === undefined) throw new Error(data.problems[0]?.message ?? `${file} could not be read as a table.`);
  return { name: path.basename(table).replace(/\.\w+(\.gz)?$/, ""), file, columns: data.columns };
}
