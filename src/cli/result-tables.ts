import { formatMetric, formatShare } from "../analysis/format.ts";
import type { MetricDescription, RunDescription, RunResult, Split } from "../experiment/record.ts";
import { table, toned } from "./terminal.ts";

/** Each task's metrics on a split: tasks down, metrics across. Empty when there are none. */
export function metricTable(description: RunDescription, result: RunResult, split: Split): string {
  const recorded = result.metrics[split];
  if (recorded === undefined) return "";
  const names = [...new Set(description.tasks.flatMap(({ metrics }) => metrics.map(({ name }) => name)))];
  const rows = description.tasks.map(({ id, metrics }) => [
    id,
    ...names.map((name) =>
      cell(
        recorded[id]?.[name],
        metrics.find((metric) => metric.name === name),
      ),
    ),
  ]);
  return table([[toned("dim", "task"), ...names.map((name) => toned("dim", name))], ...rows]);
}

function cell(value: number | undefined, metric: MetricDescription | undefined): string {
  return value === undefined || metric === undefined ? "–" : formatMetric(value, metric);
}

/** Who owns each layer that tasks share: mean rAU over its elements, and over the whole trunk in the last row. */
export function ownershipTable({ tasks, parameters }: RunDescription, { dominance }: RunResult): string {
  const ids = tasks.map(({ id }) => id);
  const shared = parameters.filter(({ name }) => dominance.parameters[name] !== undefined);
  if (shared.length === 0) return "";
  const layers = [...new Set(shared.map(({ layer }) => layer))];
  const columns = layers.map((layer) => {
    const own = shared.filter((parameter) => parameter.layer === layer);
    return {
      name: layer,
      shares: ids.map((id) => {
        const isReached = own.some(({ tasks: reached }) => reached.includes(id));
        // A task has no share of a tensor that it does not reach; where it reaches none of the layer, there is nothing to tell of it.
        return isReached ? weightedMean(own.map(({ name, size }) => [dominance.parameters[name]?.[id] ?? 0, size])) : undefined;
      }),
    };
  });
  const all = [...columns, { name: "trunk", shares: ids.map((id) => dominance.trunk[id] ?? NaN) }];
  const rows = [["layer", ...ids].map((text) => toned("dim", text)), ...all.map(({ name, shares }) => [name, ...cellsOf(shares)])];
  const last = rows.length - 1;
  if (ids.length <= mostTasksAcross) return table(rows.map((row, i) => (i === last ? row.map((text) => toned("bold", text)) : row)));
  const turned = ["task", ...ids].map((id, i) => [i === 0 ? toned("dim", id) : id, ...rows.slice(1).map((row) => row[i] ?? "")]);
  return table(turned);
}

/** More tasks than this make lines too long for a terminal: then each task has a row, and each layer a column. */
const mostTasksAcross = 6;

function cellsOf(shares: readonly (number | undefined)[]): string[] {
  const greatest = Math.max(...shares.filter((share) => share !== undefined));
  return shares.map((share) => {
    if (share === undefined) return "–";
    return share === greatest && shares.length > 1 ? toned("bold", formatShare(share, 1)) : formatShare(share, 1);
  });
}

function weightedMean(values: readonly (readonly [value: number, weight: number])[]): number {
  const weight = values.reduce((sum, [, size]) => sum + size, 0);
  return values.reduce((sum, [value, size]) => sum + value * size, 0) / weight;
}
