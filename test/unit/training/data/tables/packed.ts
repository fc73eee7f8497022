import { join } from "node:path";

import type { Dataset, RowValues } from "../../../../../src/training/data/dataset.ts";
import { splitNames } from "../../../../../src/training/data/split.ts";
import { fitTable } from "../../../../../src/training/data/tables/fit-table.ts";
import { openTable } from "../../../../../src/training/data/tables/open-table.ts";
import { packTable } from "../../../../../src/training/data/tables/pack-table.ts";
import { hasTable, planTable } from "../../../../../src/training/data/tables/table-plan.ts";
import { TableSource } from "../../../../../src/training/data/tables/table-source.ts";
import { tableExperiment, type TableSettings } from "../experiment.ts";
import type { temporaryFolder } from "../folder.ts";

/** A table's data set whose rows may take so many bytes of memory: fewer than an experiment may say, so that short tables show what long ones do. */
export async function packedDataset(
  folder: ReturnType<typeof temporaryFolder>,
  content: string,
  memory: number,
  settings: Omit<TableSettings, "file"> = {},
): Promise<Dataset & { close(): Promise<void> }> {
  const file = folder.write("packed.csv", content);
  const experiment = tableExperiment({ file, ...settings });
  if (!hasTable(experiment)) throw new Error("The experiment has no table.");
  const reader = await openTable(join(folder.path, file));
  const table = await packTable(reader, planTable(experiment, reader.columns), { memory, failFast: true });
  const { encoder, tasks, encode } = await fitTable(table, experiment.data.split);
  const parts = await encode(memory);
  await table.rows.close();
  const source = (split: keyof typeof parts): TableSource => new TableSource(parts[split], encoder, memory);
  return {
    inputs: encoder.inputs,
    tasks: tasks.map(({ targets }) => targets),
    splits: { train: source("train"), validation: source("validation"), test: source("test") },
    async close() {
      for (const split of splitNames) await parts[split].close();
    },
  };
}

/** Rows as texts of all their numbers, to be compared as sets and sequences. */
export function rowTexts({ rows, inputs, targets, present }: RowValues): string[] {
  const part = (all: Float32Array | Uint8Array, row: number): string => {
    const width = all.length / rows;
    return all.subarray(row * width, (row + 1) * width).join(" ");
  };
  return Array.from({ length: rows }, (_, row) => [...inputs, ...targets, ...present].map((all) => part(all, row)).join(" | "));
}
