import type { Split } from "../experiment/record.ts";
import { makeBatch } from "./batches.ts";
import type { Dataset, RowValues } from "./data/dataset.ts";
import { sizeOf } from "./kinds/kind.ts";
import { trainedKinds } from "./kinds/kinds.ts";
import { TaskMetrics } from "./metrics/metrics.ts";
import type { Pace } from "./pace.ts";
import { inTensorScope } from "./tensor-scope.ts";
import type { Training } from "./training.ts";

/** How a model does on one split; one entry a task. */
export interface Evaluation {
  /** Mean over the labelled rows of the split; NaN where there is none. */
  readonly losses: readonly number[];
  readonly metrics: readonly TaskMetrics[];
  /** Tasks that have labelled rows, and a loss on them that is not finite: the model is broken for them. */
  readonly broken: readonly number[];
}

/** Rows at once, as long as an input or a task has no more numbers in them than that; more only takes more memory. */
const evaluationRows = 256;
const evaluationNumbers = 2 ** 22;

/** Runs the model in inference mode over a whole split. All metrics are exact, also those that rank its rows. */
export async function evaluate(
  { model, dataset, losses, tasks }: Pick<Training, "model" | "dataset" | "losses" | "tasks">,
  split: Split,
  pace: Pace,
): Promise<Evaluation> {
  const { count } = dataset.splits[split];
  const metrics = dataset.tasks.map((targets, task) => new TaskMetrics(targets, tasks[task]?.metrics ?? [], count));
  const sums = dataset.tasks.map(() => ({ loss: 0, labelled: 0 }));
  const rows = Math.max(1, Math.min(evaluationRows, Math.floor(evaluationNumbers / numbersInRow(dataset))));
  for await (const values of dataset.splits[split].scan(rows)) {
    inTensorScope(() => {
      const batch = makeBatch(dataset, values);
      model.forward(batch.inputs, false).forEach((output, task) => {
        const targets = batch.targets[task];
        const loss = losses[task]?.compute;
        const sum = sums[task];
        if (targets === undefined || loss === undefined || sum === undefined) return;
        const value = loss(output, targets.target, targets.rowWeight).dataSync<"float32">()[0] ?? Number.NaN;
        sum.loss += value * targets.labelled;
        sum.labelled += targets.labelled;
        addOutputs(metrics[task], values, task, output.dataSync<"float32">());
      });
    });
    await pace.breathe();
  }
  return {
    losses: sums.map(({ loss, labelled }) => loss / labelled),
    metrics,
    broken: sums.flatMap(({ loss, labelled }, task) => (labelled > 0 && !Number.isFinite(loss) ? [task] : [])),
  };
}

function numbersInRow({ inputs, tasks }: Dataset): number {
  const ofInputs = inputs.map(sizeOf);
  const ofTasks = tasks.map((targets) => {
    const { lesson } = trainedKinds[targets.kind];
    return sizeOf(targets) * (lesson.by === "classes" ? lesson.columns(targets) : 1);
  });
  return Math.max(1, ...ofInputs, ...ofTasks);
}

/** Adds one batch's outputs of a task to its metrics. */
export function addOutputs(metrics: TaskMetrics | undefined, values: RowValues, task: number, output: Float32Array): void {
  const truth = values.targets[task];
  const present = values.present[task];
  if (metrics !== undefined && truth !== undefined && present !== undefined) metrics.add(output, truth, present);
}
