import type { Clipping } from "./clipping.ts";
import { combine } from "./gradients/gram.ts";
import type { StepReport } from "./step-report.ts";

/** The next step writes its applied direction into the same arrays. */
export function withOwnCopy(report: StepReport): StepReport {
  if (report.tracked === undefined || !("rows" in report.tracked)) return report;
  const applied = report.tracked.applied.map((block) => block?.slice());
  return { ...report, tracked: { ...report.tracked, applied } };
}

/** Several steps on one batch as one: each task's values are those of its own group's step. */
export function mergeReports(reports: readonly StepReport[], tasks: number, blocks: number): StepReport {
  const first = <Value>(pick: (report: StepReport, task: number) => Value | undefined): (Value | undefined)[] =>
    Array.from({ length: tasks }, (_, task) => reports.map((report) => pick(report, task)).find((value) => value !== undefined));
  // Cosines between tasks of different groups take the gradients themselves: methods that alternate store them.
  const tracked = reports.flatMap(({ tracked: own }) => (own !== undefined && "rows" in own ? [own] : []));
  const troubles = reports.flatMap(({ trouble }) => trouble ?? []);
  const [trouble] = troubles;
  const order = tracked.flatMap((each) => each.tasks.map((task, position) => ({ task, row: each.rows[position] ?? [] })));
  order.sort((a, b) => a.task - b.task);
  // How long the way was that the groups made one after the other.
  const norms = reports.flatMap(({ directionNorm }) => directionNorm ?? []);
  const applied = combine(
    tracked.map((each) => each.applied),
    tracked.map(() => 1),
    blocks,
  );
  return {
    losses: first(({ losses }, task) => losses[task]),
    weights: first(({ weights }, task) => weights[task]),
    outputs: (reports[0]?.outputs ?? []).map((_, batch) => Array.from({ length: tasks }, (__, task) => outputOf(reports, batch, task))),
    directionNorm: norms.length === 0 ? undefined : norms.reduce((sum, norm) => sum + norm, 0),
    clipping: mergedClipping(reports.flatMap(({ clipping }) => clipping ?? [])),
    status:
      norms.length === 0 ? undefined : (reports.map(({ status }) => status).find((each) => each !== undefined && each !== "ok") ?? "ok"),
    shortened: Math.min(1, ...reports.map(({ shortened }) => shortened)),
    tracked: tracked.length === 0 ? undefined : { tasks: order.map(({ task }) => task), rows: order.map(({ row }) => row), applied },
    trouble:
      trouble === undefined ? undefined : { bad: troubles.flatMap(({ bad }) => bad), remedy: troubles.at(-1)?.remedy ?? trouble.remedy },
    walks: reports.reduce((sum, { walks }) => sum + walks, 0),
  };
}

function mergedClipping(parts: readonly Clipping[]): Clipping | undefined {
  if (parts.length === 0) return undefined;
  return { norm: parts.reduce((sum, { norm }) => sum + norm, 0), clipped: parts.some(({ clipped }) => clipped) };
}

function outputOf(reports: readonly StepReport[], batch: number, task: number): Float32Array {
  const own = reports.find(({ losses }) => losses[task] !== undefined) ?? reports[0];
  return own?.outputs[batch]?.[task] ?? new Float32Array();
}
