import type { OperationRow, OperationTable } from "../../experiment/step-explanation.ts";
import type { OperationRun } from "../passes/recordings.ts";
import { grouped } from "./grouped.ts";

/** The operations of some steps by their names: the mean of the faster half, for what else the machine does makes the others slower. */
export function operationTable(steps: readonly (readonly OperationRun[])[]): OperationTable {
  const timed = steps.map((runs) => ({ runs, ms: sum(runs, (run) => run.ms) })).sort((a, b) => a.ms - b.ms);
  const faster = timed.slice(0, Math.ceil(timed.length / 2));
  const runs = faster.flatMap((step) => step.runs);
  const ms = sum(runs, (run) => run.ms);
  const named = grouped(runs, ({ operation }) => operation);
  const rows = [...named].map(([operation, own]): OperationRow => {
    const took = sum(own, (run) => run.ms);
    return {
      operation,
      times: own.length / faster.length,
      ms: took / faster.length,
      share: ms === 0 ? 0 : took / ms,
      bytes: sum(own, bytesOf) / faster.length,
      outputs: outputsOf(own, faster.length),
    };
  });
  return {
    steps: faster.length,
    times: runs.length / faster.length,
    ms: ms / faster.length,
    bytes: sum(runs, bytesOf) / faster.length,
    rows: rows.sort((a, b) => b.ms - a.ms),
  };
}

function outputsOf(runs: readonly OperationRun[], steps: number): OperationRow["outputs"] {
  const shapes = grouped(
    runs.flatMap(({ outputs }) => outputs),
    ({ shape }) => shape.join(),
  );
  return [...shapes.values()]
    .sort(([a], [b]) => (b?.bytes ?? 0) - (a?.bytes ?? 0))
    .map((outputs) => ({ shape: [...(outputs[0]?.shape ?? [])], times: outputs.length / steps }));
}

function bytesOf({ outputs }: OperationRun): number {
  return sum(outputs, ({ bytes }) => bytes);
}

function sum<T>(all: readonly T[], of: (one: T) => number): number {
  return all.reduce((total, one) => total + of(one), 0);
}
