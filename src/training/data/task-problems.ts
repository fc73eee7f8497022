import type { Split } from "../../experiment/record.ts";
import type { Experiment, Task } from "../../experiment/schema.ts";
import { metricFacts } from "../../experiment/metrics.ts";
import { taskLoss } from "../losses/losses.ts";
import { metricsOf } from "../metrics/metrics.ts";
import { mostRanked, rankedWidth } from "../metrics/rank-tally.ts";
import { DataError, type DataProblem } from "./data-error.ts";
import type { TaskTargets } from "./dataset.ts";

/** What the losses and metrics of the tasks ask of the data, wherever it comes from, and do not find there. */
export function taskProblems(
  experiment: Pick<Experiment, "tasks">,
  tasks: readonly TaskTargets[],
  rows: Readonly<Record<Split, number>>,
): DataProblem[] {
  return tasks.flatMap((targets) => {
    const task = experiment.tasks[targets.id];
    return task === undefined ? [] : [...lossProblems(task, targets), ...rankProblems(task, targets, rows)];
  });
}

function lossProblems(task: Task, targets: TaskTargets): DataProblem[] {
  try {
    taskLoss(task, targets);
    return [];
  } catch (error) {
    if (error instanceof DataError) return [error];
    throw error;
  }
}

function rankProblems(task: Task, targets: TaskTargets, rows: Readonly<Record<Split, number>>): DataProblem[] {
  const ranked = metricsOf(task).find((name) => metricFacts(name).ranks === true);
  const most = Math.max(rows.validation, rows.test);
  const values = most * rankedWidth(targets);
  if (ranked === undefined || values <= mostRanked) return [];
  const path = task.metrics === undefined ? ["tasks", targets.id] : ["tasks", targets.id, "metrics"];
  const message =
    `For \`${ranked}\` of task "${targets.id}" the answers for all ${most.toLocaleString("en")} rows of a split are ranked, ` +
    `${values.toLocaleString("en")} values, and ${mostRanked.toLocaleString("en")} are the limit. Take it out of the metrics, or make validation and test smaller.`;
  return [{ code: "MTL357", path, message }];
}
