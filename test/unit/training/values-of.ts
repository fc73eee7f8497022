import type { RowSource, RowValues } from "../../../src/training/data/dataset.ts";
import { MemorySource } from "../../../src/training/data/memory-source.ts";

/** The live values of a source that has all its rows in memory; a test may change them. */
export function valuesOf(source: RowSource): RowValues {
  if (source instanceof MemorySource) return source.values;
  throw new TypeError("These rows are not in memory.");
}
