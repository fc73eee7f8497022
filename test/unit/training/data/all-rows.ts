import type { RowSource, RowValues } from "../../../../src/training/data/dataset.ts";

/** All rows of a source in its own order. */
export async function allRows(source: RowSource): Promise<RowValues> {
  const parts: RowValues[] = [];
  for await (const { rows, inputs, targets, present } of source.scan(64)) {
    parts.push({
      rows,
      inputs: inputs.map((each) => each.slice()),
      targets: targets.map((each) => each.slice()),
      present: present.map((each) => each.slice()),
    });
  }
  const [first] = parts;
  const floats = (of: (part: RowValues) => Float32Array | undefined): Float32Array =>
    Float32Array.from(parts.flatMap((part) => [...(of(part) ?? [])]));
  return {
    rows: parts.reduce((sum, { rows }) => sum + rows, 0),
    inputs: (first?.inputs ?? []).map((_, index) => floats(({ inputs }) => inputs[index])),
    targets: (first?.targets ?? []).map((_, index) => floats(({ targets }) => targets[index])),
    present: (first?.present ?? []).map((_, index) => Uint8Array.from(parts.flatMap(({ present }) => [...(present[index] ?? [])]))),
  };
}
