import type { Split } from "../../../experiment/record.ts";
import type { Dataset } from "../dataset.ts";
import type { OpenedData } from "../opened-data.ts";
import { splitNames } from "../split.ts";
import { measureTable, type FittedTable } from "./fit-table.ts";
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
export async function openTableData(path: string, experiment: TableExperiment): Promise<OpenedData> {
  const memory = experiment.data.memory * mebibyte;
  const reader = await openTable(path);
  const table = await packTable(reader, planTable(experiment, reader.columns), { memory, failFast: true });
  const close = async (): Promise<void> => await table.rows.close();
  try {
    const { measures, finish } = await measureTable(table, experiment.data.split);
    return {
      measures,
      close,
      async finish(shared) {
        try {
          return await encodedTable(finish(shared), memory);
        } finally {
          await close();
        }
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function encodedTable({ encoder, tasks, warnings, encode }: FittedTable, memory: number): Promise<Dataset> {
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
}
