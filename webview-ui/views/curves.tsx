import { useSignal } from "@preact/signals";
import { useCallback, useMemo, useRef } from "preact/hooks";
import { formatNumber } from "../../src/analysis/format.ts";
import type { RunDescription } from "../../src/experiment/record.ts";
import { InteractiveChart, type Span } from "../charts/interactive-chart.tsx";
import { type ChartModel, drawnAt, line, type XAxis } from "../charts/model.ts";
import type { ChartLook } from "../charts/options.ts";
import { written } from "../format.ts";
import { Button, Choice } from "../parts/button.tsx";
import { epochWords } from "../ownership/epoch-words.ts";
import { usePage } from "../parts/context.ts";
import { DataTable, type TableData } from "../parts/data-table.tsx";
import { Note } from "../parts/note.tsx";
import { TableToggle } from "../parts/table-toggle.tsx";
import { say } from "../strings.ts";
import { type CurveChart, curveCharts } from "./curve-charts.ts";

const chartHeight = 210;
/** Of the y axis; the captions start where it ends. */
const axisWidth = 46;

/** One unit of smoothing is a 300th of the run, so that a setting means the same for long and short runs. */
const smoothingUnits = 300;

/** Curves: how does everything move, together? */
export function Curves({ description }: { readonly description: RunDescription }) {
  const { dashboard } = usePage();
  const { memory, recorded, zoom } = dashboard;
  const cursor = useSignal<number | null>(null);
  const { announcement, announce } = useAnnouncer();
  const { xUnit, yScale, scales, smoothing, recordedLine, ignoreOutliers, asTable, tasks } = memory.value;
  const charts = useMemo(() => curveCharts(description, recorded.value, tasks), [description, recorded.value, tasks]);

  const whole: Span = [0, Math.max(1, description.totalSteps)];
  const span = zoom.value ?? whole;
  const scale = xUnit === "epoch" ? Math.max(1, description.stepsPerEpoch) : 1;
  const axis = useMemo((): XAxis => ({ unit: xUnit, scale, min: span[0], max: span[1] }), [xUnit, scale, span[0], span[1]]);
  const look = useMemo(
    (): ChartLook => ({ gutters: { left: axisWidth, right: labelRoom(description) }, height: chartHeight, lastMark: null }),
    [description],
  );
  const recording = dashboard.recording.value;
  const models = useMemo(() => charts.map((chart) => modelOf(chart)), [charts, recording, smoothing, yScale, scales, ignoreOutliers]);
  const moment = (step: number): string => momentText(step, description);

  if (charts.length === 0) return <Note text={dashboard.active.value ? say("waiting") : say("nothingToDraw")} />;
  return (
    <>
      <div class="toolbar">
        <span class="field">
          {say("xAxis")}
          <Choice
            label={say("xAxis")}
            value={xUnit}
            options={[
              { value: "epoch", text: say("unitEpoch") },
              { value: "step", text: say("unitStep") },
            ]}
            onChoose={(value) => dashboard.remember({ xUnit: value })}
          />
        </span>
        <span class="field">
          {say("yAxis")}
          <Choice
            label={say("yAxis")}
            value={yScale}
            options={[
              { value: "per-chart", text: say("perChart") },
              { value: "linear", text: say("linear") },
              { value: "log", text: say("log") },
            ]}
            onChoose={(value) => dashboard.remember({ yScale: value, scales: {} })}
          />
        </span>
        <label class="field">
          {say("smoothing")}
          <input
            type="range"
            min="0"
            max="0.99"
            step="0.01"
            value={smoothing}
            onInput={(event) => dashboard.remember({ smoothing: Number(event.currentTarget.value) })}
          />
          <output>{formatNumber(smoothing, 2)}</output>
        </label>
        <label class="field">
          <input
            type="checkbox"
            checked={recordedLine}
            onChange={(event) => dashboard.remember({ recordedLine: event.currentTarget.checked })}
          />
          {say("recordedLine")}
        </label>
        <label class="field" title={say("ignoreOutliersTitle")}>
          <input
            type="checkbox"
            checked={ignoreOutliers}
            onChange={(event) => dashboard.remember({ ignoreOutliers: event.currentTarget.checked })}
          />
          {say("ignoreOutliers")}
        </label>
        {zoom.value && <Button onClick={() => (zoom.value = null)}>{say("resetZoom")}</Button>}
        <span class="grow" />
        {models.some(({ lines }) => lines.some(({ curve }) => curve.reduced)) && (
          <span class="muted" title={say("reducedTitle")}>
            {say("reduced")}
          </span>
        )}
        <TableToggle />
      </div>
      {asTable ? (
        <div class="charts">
          {models.map((model, i) => (
            <DataTable key={charts[i]?.id} {...tableOf(model, description)} />
          ))}
        </div>
      ) : (
        <div class="charts" title="">
          {models.map((model, i) => (
            <InteractiveChart
              key={charts[i]?.id}
              model={model}
              axis={axis}
              look={look}
              recorded={recordedLine && (charts[i]?.recorded ?? true)}
              cursor={cursor}
              whole={whole}
              onScale={scalable(charts[i]) ? (log) => rescale(charts[i], log) : null}
              onZoom={(next) => (zoom.value = next)}
              moment={moment}
              onAnnounce={announce}
            />
          ))}
        </div>
      )}
      {!asTable && <p class="hint">{say("zoomHint")}</p>}
      <div class="unseen" role="status">
        {announcement}
      </div>
    </>
  );

  function rescale(chart: CurveChart | undefined, log: boolean): void {
    if (chart) dashboard.remember({ scales: { ...scales, [chart.id]: log ? "log" : "linear" } });
  }

  function modelOf(chart: CurveChart): ChartModel {
    const { id, title, unit, style, bounds, zero, fromZero, smoothed, lines } = chart;
    const reach = description.totalSteps / smoothingUnits;
    const scale = scales[id] ?? (yScale === "per-chart" ? (chart.log ? "log" : "linear") : yScale);
    const log = scale === "log" && scalable(chart);
    return {
      title,
      unit: !log ? unit : unit === "" ? say("log") : say("logUnit", unit),
      style,
      zero,
      bounds,
      log,
      withoutOutliers: ignoreOutliers,
      fromZero,
      lines: lines.map((each) => line(each, recording.store.curve(each.name), smoothed ? smoothing : 0, reach)),
    };
  }
}

/** Values on both sides of 0 have no logarithm. */
function scalable(chart: CurveChart | undefined): boolean {
  return chart?.zero === null;
}

/** `epoch 3.2 · step 1 500`. */
export function momentText(step: number, description: RunDescription): string {
  return `${epochWords(step, description)} · ${say("step", formatNumber(Math.round(step)))}`;
}

/** Room for the longest task name at the line ends, between 56 and 84 pixels; longer names are cut. */
function labelRoom({ tasks }: RunDescription): number {
  const longest = Math.max(...tasks.map(({ id }) => id.length));
  return Math.min(84, Math.max(56, longest * 6.5 + 10));
}

/** The points of a chart, one row a step, recorded and not smoothed. */
function tableOf(model: ChartModel, description: RunDescription): TableData {
  const steps = [...new Set(model.lines.flatMap(({ curve }) => [...curve.steps]))].sort((a, b) => a - b);
  const recorded = model.lines.map((each) => ({ ...each, drawn: each.curve.values }));
  return {
    title: model.title,
    unit: model.unit,
    columns: [say("unitStep"), say("unitEpoch"), ...model.lines.map(({ label }) => label || model.title)],
    rows: steps.map((step) => [
      formatNumber(step),
      formatNumber(step / Math.max(1, description.stepsPerEpoch), 2),
      ...recorded.map((each) => written(drawnAt(each, step), model.style)),
    ]),
  };
}

/** Says what the crosshair reads at most once a second. */
function useAnnouncer(): { readonly announcement: string; readonly announce: (text: string) => void } {
  const announcement = useSignal("");
  const timer = useRef<number | null>(null);
  const next = useRef("");
  const announce = useCallback((text: string) => {
    next.current = text;
    timer.current ??= window.setTimeout(() => {
      timer.current = null;
      announcement.value = next.current;
    }, 1000);
  }, []);
  return { announcement: announcement.value, announce };
}
