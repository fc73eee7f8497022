import type { ChartOptions, Scale } from "chart.js";
import { axisMark } from "../format.ts";
import type { Theme } from "../theme.ts";
import type { ChartModel, XAxis } from "./model.ts";

/** Room beside the plot. The same for all charts of a view, so that one crosshair crosses them all. */
export interface Gutters {
  readonly left: number;
  readonly right: number;
}

export interface ChartLook {
  readonly gutters: Gutters;
  readonly height: number;
  /** Writes the unit behind the last mark of the x axis, e.g. `30 epochs`. */
  readonly lastMark: ((value: string) => string) | null;
}

/** Settings of a line chart: still, quiet, and fed with ready points. */
export function chartOptions(model: ChartModel, axis: XAxis, look: ChartLook, theme: Theme): ChartOptions<"line"> {
  const font = { size: 11, family: theme.fontFamily };
  const max = axis.max / axis.scale;
  return {
    animation: false,
    parsing: false,
    normalized: true,
    responsive: true,
    maintainAspectRatio: false,
    events: [],
    layout: { padding: { top: 6, right: look.gutters.right } },
    plugins: { legend: { display: false }, tooltip: { enabled: false } },
    elements: { point: { radius: 0, hitRadius: 0 }, line: { borderWidth: 1.75, borderJoinStyle: "round", tension: 0 } },
    scales: {
      x: {
        type: "linear",
        min: axis.min / axis.scale,
        max,
        grid: { display: false },
        border: { display: false },
        ...(look.lastMark ? { afterBuildTicks: endTicks } : {}),
        ticks: {
          maxRotation: 0,
          minRotation: 0,
          autoSkipPadding: 12,
          align: look.lastMark ? "inner" : "center",
          color: theme.description,
          font,
          callback: (value, index, ticks) => {
            const spacing = (ticks[1]?.value ?? 1) - (ticks[0]?.value ?? 0);
            const mark = axisMark(Number(value), spacing, "one");
            return look.lastMark && index === ticks.length - 1
              ? look.lastMark(axisMark(Number(value), Number.isInteger(value) ? 1 : 0.1, "one"))
              : mark;
          },
        },
      },
      y: {
        type: model.log ? "logarithmic" : "linear",
        ...(model.bounds && !model.log ? { min: model.bounds[0], max: model.bounds[1] } : {}),
        beginAtZero: model.fromZero && !model.log,
        ...(model.log ? { afterBuildTicks: logTicks } : {}),
        afterFit: (scale) => {
          scale.width = look.gutters.left;
        },
        grid: { drawTicks: false, color: theme.grid },
        border: { display: false },
        ticks: {
          padding: 4,
          // A mark at a bound that cuts off outliers would be an odd number.
          includeBounds: model.bounds !== null,
          maxTicksLimit: look.height < 100 ? 3 : model.log ? 12 : 6,
          color: theme.description,
          font,
          callback: (value, _index, ticks) => {
            const number = Number(value);
            if (model.log) return axisMark(number, number, model.style);
            const spacing = (ticks[1]?.value ?? 1) - (ticks[0]?.value ?? 0);
            return axisMark(number, spacing, model.style);
          },
        },
      },
    },
  };
}

/** Below this width an axis with words at its end has room for its ends only. */
const narrowAxis = 240;

function endTicks(scale: Scale): void {
  if (scale.maxWidth < narrowAxis) scale.ticks = [{ value: scale.min }, { value: scale.max }];
}

/** Marks of a log axis: decades, with 2 and 5 where these are few, with all between where the axis is shorter than one. */
function logTicks(scale: Scale): void {
  const marks = [[1], [1, 2, 5], [1, 2, 3, 4, 5, 6, 7, 8, 9]].map((mantissas) => logMarks(scale, mantissas));
  // As few as are enough; within a small part of a decade there may be none, and the library's own marks stay.
  const enough = marks.find((ticks) => ticks.length >= 3) ?? marks.findLast((ticks) => ticks.length >= 2);
  if (enough) scale.ticks = enough;
}

function logMarks(scale: Scale, mantissas: readonly number[]): { value: number }[] {
  const ticks: { value: number }[] = [];
  for (let decade = Math.floor(Math.log10(scale.min)); decade <= Math.ceil(Math.log10(scale.max)); decade++) {
    for (const mantissa of mantissas) {
      const value = Number(`${mantissa}e${decade}`);
      if (value >= scale.min * 0.999 && value <= scale.max * 1.001) ticks.push({ value });
    }
  }
  return ticks;
}
