import { formatMetric, formatQuantity, formatShare } from "../../src/analysis/format.ts";
import { recentPoints } from "../../src/analysis/recent-mean.ts";
import { type MetricDescription, type RunDescription, series, type TaskDescription } from "../../src/experiment/record.ts";
import { LineChart } from "../charts/line-chart.tsx";
import { line } from "../charts/model.ts";
import { metricWords } from "../format.ts";
import { epochNumber } from "../ownership/epoch-words.ts";
import { usePage } from "../parts/context.ts";
import { Icon } from "../parts/icon.tsx";
import { Swatch } from "../parts/swatch.tsx";
import type { Curve, SeriesStore } from "../state/series-store.ts";
import { say } from "../strings.ts";

interface TaskCardProps {
  readonly description: RunDescription;
  readonly index: number;
  readonly task: TaskDescription;
  readonly onOpen: () => void;
}

/** Above this many tasks the cards' curves are low. */
const tallCards = 4;

/** One task: is it learning, how well, and with what say in the common steps. */
export function TaskCard({ description, index, task, onOpen }: TaskCardProps) {
  const { dashboard } = usePage();
  const { store } = dashboard.recording.value;
  const metric = task.metrics.find(({ name }) => name === task.headlineMetric) ?? {
    name: task.headlineMetric,
    better: "higher",
    unit: "plain",
  };
  const curve = store.curve(series.metric("validation", task.id, metric.name));
  const now = curve.values.at(-1) ?? null;
  const best = bestOf(curve, metric);
  const trend = trendOf(curve, metric);
  const text = (value: number | null): string => (value === null ? "–" : formatMetric(value, metric));
  const loss = store.recent(series.loss(task.id));
  const height = description.tasks.length > tallCards ? 64 : 176;
  return (
    <section class="card" aria-label={say("taskCard", task.id)}>
      <div class="row">
        <Swatch task={index} />
        <h2>
          <button type="button" class="link plain" title={task.id} onClick={onOpen}>
            {task.id}
          </button>
        </h2>
        <small>{say(task.kind)}</small>
        <span class="grow" />
        {trend && (
          <span class="trend">
            {trend !== "steady" && (
              <Icon
                name={(trend === "improving") === (metric.better === "higher") ? "arrow-up" : "arrow-down"}
                {...(trend === "worsening" ? { tone: "warning" as const } : {})}
              />
            )}
            {trend === "steady" ? say("steady") : say((trend === "improving") === (metric.better === "higher") ? "rising" : "falling")}
          </span>
        )}
      </div>
      <div class="row figure-row">
        <span class="big">{text(now)}</span>
        <span>
          {metricWords(metric.name)} <small>{now === null ? say("noMetricYet") : say("validation")}</small>
        </span>
      </div>
      <div class="plot" style={{ height: `${height}px` }}>
        <LineChart
          model={{
            title: metric.name,
            unit: "",
            style: metric.unit === "share" ? "percent" : "quantity",
            log: false,
            zero: null,
            bounds: null,
            fromZero: false,
            withoutOutliers: false,
            lines: [line({ name: metric.name, label: task.id, task: index }, curve, 0, 1)],
          }}
          axis={{ unit: "epoch", scale: Math.max(1, description.stepsPerEpoch), min: 0, max: Math.max(1, description.totalSteps) }}
          look={{ gutters: { left: 36, right: 12 }, height, lastMark: (mark) => say("epochs", mark) }}
          recorded={false}
          dots
          summary={say("cardChart", metric.name, task.id, text(now))}
        />
      </div>
      <dl class="facts-list">
        <dt>{say("best")}</dt>
        <dd>{best ? say("bestAt", text(best.value), epochNumber(best.step, description)) : "–"}</dd>
        <dt>{say("taskWeight")}</dt>
        <dd>{quantity(store.last(series.weight(task.id)))}</dd>
        <dt>{say("loss")}</dt>
        <dd title={say("recentMean", recentPoints)}>{loss === null ? "–" : say("lossTrain", formatQuantity(loss), recentPoints)}</dd>
        <dt>{say("gradientNorm")}</dt>
        <dd title={say("recentMean", recentPoints)}>{normText(store, description, task)}</dd>
      </dl>
    </section>
  );
}

function quantity(value: number | null): string {
  return value === null ? "–" : formatQuantity(value);
}

/** `1.67 (75 %)`: the norm and its share among all tasks, both means over the last points. */
function normText(store: SeriesStore, { tasks }: RunDescription, task: TaskDescription): string {
  const mine = store.recent(series.gradientNorm(task.id));
  if (mine === null) return "–";
  const all = tasks.reduce((sum, { id }) => sum + (store.recent(series.gradientNorm(id)) ?? 0), 0);
  return all > 0 && tasks.length > 1 ? say("normShare", formatQuantity(mine), formatShare(mine / all)) : formatQuantity(mine);
}

export function bestOf(
  { steps, values }: Curve,
  { better }: Pick<MetricDescription, "better">,
): { readonly step: number; readonly value: number } | null {
  let best: { step: number; value: number } | null = null;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? Number.NaN;
    if (!Number.isFinite(value)) continue;
    if (best === null || (better === "higher" ? value > best.value : value < best.value)) best = { step: steps[i] ?? 0, value };
  }
  return best;
}

/** How the last third compares with what came right before it; null while there are too few points. */
export function trendOf(
  { values }: Pick<Curve, "values">,
  { better, unit }: Pick<MetricDescription, "better" | "unit">,
): "improving" | "steady" | "worsening" | null {
  const finite = values.filter(Number.isFinite);
  if (finite.length < 4) return null;
  const part = Math.max(1, Math.floor(finite.length / 3));
  const mean = (of: Float64Array): number => of.reduce((sum, value) => sum + value, 0) / of.length;
  const late = mean(finite.subarray(finite.length - part));
  const before = mean(finite.subarray(Math.max(0, finite.length - 2 * part), finite.length - part));
  const gain = (better === "higher" ? late - before : before - late) / (unit === "share" ? 1 : Math.max(Math.abs(before), 1e-12));
  return gain > 0.005 ? "improving" : gain < -0.005 ? "worsening" : "steady";
}
