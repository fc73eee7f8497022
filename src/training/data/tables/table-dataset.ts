import type { Split } from "../../../experiment/record.ts";
import type { Dataset } from "../dataset.ts";
import { splitNames } from "../split.ts";
import { fitTable } from "./fit-table.ts";
import { openTable } from "./open-table.ts";
import { packTable } from "./pack-table.ts";
import { planTable, type TableExperiment } from "./table-plan.ts";
import { TableSource } from "./table-source.ts";

const mebibyte = 2 ** 20;

/**
 * The data set of a table file. It is read once, packed, split, and fitted on the training rows; features are made of the packed
 * rows when a batch is. Rows that need more than `data.memory` lie in a temporary file, which `close` removes.
 * Throws `DataError`.
 */
export async function tableDataset(path: string, experiment: TableExperiment): Promise<Dataset> {
  const memory = experiment.data.memory * mebibyte;
  const table = await packTable(await openTable(path), planTable(experiment), { memory, failFast: true });
  try {
    const { encoder, tasks, warnings, encode } = await fitTable(table, experiment.data.split);
    const parts = await encode(memory);
    const source = (split: Split): TableSource => new TableSource(parts[split], encoder, memory);
    return {
      inputs: encoder.inputs,
      tasks: tasks.map(({ targets }) => targets),
      splits: { train: source("train"), validation: source("validation"), test: source("test") },
      warnings: warnings.map(({ message }) => message),
      async close() {
        for (const split of splitNames) await parts[split].close();
      },
    };
  } finally {
    await table.rows.close();
  }
}
