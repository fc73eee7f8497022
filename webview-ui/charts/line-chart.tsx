import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { css } from "../colour.ts";
import { usePage } from "../parts/context.ts";
import type { Theme } from "../theme.ts";
import { Chart, type LineChartInstance } from "./chart-parts.ts";
import { drawNever, drawSoon } from "./draw-queue.ts";
import { type ChartModel, points, type XAxis } from "./model.ts";
import { type ChartLook, chartOptions } from "./options.ts";
import { boundsWithoutOutliers } from "./outliers.ts";
import { colourOf, overlayPlugin } from "./overlay-plugin.ts";

interface LineChartProps {
  readonly model: ChartModel;
  readonly axis: XAxis;
  readonly look: ChartLook;
  /** Draws the recorded line faintly behind a smoothed one. */
  readonly recorded: boolean;
  /** Dots at the ends in place of names. */
  readonly dots?: boolean;
  /** What the picture shows, for those who do not see it. */
  readonly summary: string;
  /** Told whenever the chart was drawn, so that what lies over it can follow. */
  readonly onDrawn?: (chart: LineChartInstance) => void;
}

/** A line chart of Chart.js, drawn only while it is on screen and never because of a pointer. */
export function LineChart({ model, axis, look, recorded, dots = false, summary, onDrawn }: LineChartProps) {
  const { theme } = usePage();
  const canvas = useRef<HTMLCanvasElement>(null);
  const chart = useRef<LineChartInstance | null>(null);
  const shown = useVisible(canvas);
  const now = { model, axis, theme: theme.value, dots };
  const latest = useRef(now);
  latest.current = now;
  // A chart is made anew only when its axes change kind or its colours change.
  const kind = [model.log, model.style, axis.unit, axis.scale, look.gutters.left, look.gutters.right, look.height].join(" ");

  useLayoutEffect(() => {
    if (!canvas.current || !shown) return;
    const made: LineChartInstance = new Chart(canvas.current, {
      type: "line",
      data: { datasets: [] },
      options: chartOptions(model, axis, look, theme.value),
      plugins: [overlayPlugin(() => latest.current), { id: "taskscope-drawn", afterRender: () => redrawn.current() }],
    });
    chart.current = made;
    return () => {
      chart.current = null;
      drawNever(made);
      made.destroy();
    };
  }, [kind, theme.value, shown]);

  const redrawn = useRef(() => {});
  redrawn.current = () => {
    if (chart.current) onDrawn?.(chart.current);
  };

  useLayoutEffect(() => {
    const drawing = chart.current;
    if (!drawing) return;
    drawSoon(drawing, () => {
      drawing.data.datasets = datasets(model, axis, recorded, theme.value);
      const x = drawing.options.scales?.["x"];
      if (x) {
        x.min = axis.min / axis.scale;
        x.max = axis.max / axis.scale;
      }
      boundY(drawing, model, axis);
      drawing.update("none");
      // For whoever measures how soon a point is drawn.
      drawing.canvas.dataset["drawnThrough"] = String(Math.max(-1, ...model.lines.map(({ curve }) => curve.steps.at(-1) ?? -1)));
    });
  }, [kind, model, axis, recorded, theme.value, shown]);

  return <canvas ref={canvas} role="img" aria-label={summary} />;
}

/** More lines without a colour of their own are drawn faintly: together they show where they are many. */
const fewLines = 6;

function datasets(model: ChartModel, { scale }: XAxis, recorded: boolean, theme: Theme): LineChartInstance["data"]["datasets"] {
  const faint = recorded ? model.lines.filter(({ curve, drawn }) => curve.values !== drawn) : [];
  // Chart.js draws the last one first: the recorded lines lie below, the first task on top.
  return [
    ...model.lines.map((line) => {
      const data = points(line.curve.steps, line.drawn, scale, model.log);
      // A single point draws no line: it gets a dot.
      return {
        data,
        borderColor: line.task === null && model.lines.length > fewLines ? withAlpha(theme.foreground, 0.4) : colourOf(theme, line),
        ...(data.length === 1 ? { pointRadius: 2.5, pointBackgroundColor: colourOf(theme, line) } : {}),
      };
    }),
    ...faint.map((line) => ({
      data: points(line.curve.steps, line.curve.values, scale, model.log),
      borderColor: line.task === null ? withAlpha(theme.foreground, 0.28) : css(theme.task(line.task), 0.28),
      borderWidth: 1,
    })),
  ];
}

/** The y axis as the data ask, without outliers where these are not wanted. */
function boundY({ options }: LineChartInstance, model: ChartModel, axis: XAxis): void {
  const y = options.scales?.["y"];
  if (!y || model.bounds) return;
  const [low, high] = model.withoutOutliers ? boundsWithoutOutliers(model.lines, axis, model.log) : [null, null];
  // An axis that starts at 0 is about size: what is small is no outlier there.
  if (low === null || model.fromZero) delete y.min;
  else y.min = low;
  if (high === null) delete y.max;
  else y.max = high;
}

function withAlpha(colour: string, alpha: number): string {
  return colour.replace(")", ` / ${alpha})`);
}

/** Whether an element is on screen, or nearly so. */
function useVisible(element: { readonly current: HTMLElement | null }): boolean {
  const [shown, setShown] = useState(false);
  useLayoutEffect(() => {
    if (!element.current) return;
    const observer = new IntersectionObserver((entries) => setShown(entries.at(-1)?.isIntersecting ?? false), { rootMargin: "100px" });
    observer.observe(element.current);
    return () => observer.disconnect();
  }, [element]);
  return shown;
}
