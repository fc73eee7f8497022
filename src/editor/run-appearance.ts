import { startTime } from "../analysis/start-time.ts";
import type { MetricDescription, RunDescription } from "../experiment/record.ts";
import { terminalStatuses, type RunStatus, type RunSummary } from "../runs/contract.ts";

/** How a run looks in the tree and the status bar: icon, text and the words around them. Knows no editor. */
export interface RunAppearance {
  /** Name of a codicon. */
  readonly icon: string;
  /** Id of a theme colour; undefined for the foreground. */
  readonly colour: string | undefined;
  readonly label: string;
  readonly description: string;
  /** For the `when` clauses of the manifest. */
  readonly context: "run.active" | "run.ended";
}

export type StatusWords = Readonly<Record<RunStatus, string>>;

/** `now` in milliseconds since 1970: today's runs show the time, older ones the date too. */
export function runAppearance(run: RunSummary, words: StatusWords, now: number): RunAppearance {
  const active = isActive(run);
  const { icon, colour } = statusIcons[run.status];
  return {
    icon,
    colour,
    label: run.user.title ?? `${run.balancer} · ${startTime(run.createdAt, now)}`,
    description: [statusText(run, words), ...headline(run)].filter((part) => part !== "").join(" · "),
    context: active ? "run.active" : "run.ended",
  };
}

export function isActive(run: RunSummary): boolean {
  return !terminalStatuses.includes(run.status);
}

/** Share of the planned steps that are done, 0 to 1; undefined before the plan is known. */
export function progressOf(run: RunSummary): number | undefined {
  const total = run.description?.totalSteps ?? 0;
  return total > 0 ? Math.min(1, run.step / total) : undefined;
}

/** The headline metric of each task, test before validation, e.g. `["species 97.1 %", "mass 0.84"]`. */
export function headline(run: RunSummary): string[] {
  const { description } = run;
  if (description === null) return [];
  const table = run.result?.metrics.test ?? run.latest.validation ?? run.result?.metrics.validation;
  return description.tasks.flatMap((task) => {
    const value = table?.[task.id]?.[task.headlineMetric];
    return value === undefined ? [] : [`${task.id} ${metricText(value, metricOf(description, task.id, task.headlineMetric))}`];
  });
}

export function metricText(value: number, metric: MetricDescription | undefined): string {
  if (!Number.isFinite(value)) return "not finite";
  return metric?.unit === "share" ? percent(value, 1) : Number(value.toPrecision(3)).toString();
}

export function percent(share: number, digits = 0): string {
  return `${(100 * share).toFixed(digits)} %`;
}

const statusIcons: Readonly<Record<RunStatus, { icon: string; colour: string | undefined }>> = {
  queued: { icon: "clock", colour: undefined },
  starting: { icon: "loading~spin", colour: undefined },
  running: { icon: "loading~spin", colour: "charts.blue" },
  stopping: { icon: "loading~spin", colour: "charts.yellow" },
  completed: { icon: "pass", colour: "testing.iconPassed" },
  // Not `debug-stop`: the workbench paints that one red by itself, and a stop on request is no failure.
  stopped: { icon: "stop-circle", colour: undefined },
  failed: { icon: "error", colour: "testing.iconFailed" },
  crashed: { icon: "warning", colour: "list.warningForeground" },
};

/** Completed goes without saying: its icon and its metrics tell. */
function statusText(run: RunSummary, words: StatusWords): string {
  const progress = progressOf(run);
  if (run.status === "completed") return "";
  if (run.status === "running" && progress !== undefined) return percent(progress);
  return progress === undefined ? words[run.status] : `${words[run.status]} ${percent(progress)}`;
}

function metricOf(description: RunDescription, task: string, name: string): MetricDescription | undefined {
  return description.tasks.find(({ id }) => id === task)?.metrics.find((metric) => metric.name === name);
}
