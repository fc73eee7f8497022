import type { Plugin } from "chart.js";
import { css } from "../colour.ts";
import type { Theme } from "../theme.ts";
import { breaks, type ChartModel, type Line, spread, type XAxis } from "./model.ts";

interface Drawn {
  readonly model: ChartModel;
  readonly axis: XAxis;
  readonly theme: Theme;
  /** A dot at the end of each line in place of its name. */
  readonly dots: boolean;
}

const labelGap = 13;
/** More names than this would cover each other; the tooltip has them all. */
const mostLabels = 14;

/** What is drawn over the lines: names at their ends, the line at 0, red ticks where a value is not finite. */
export function overlayPlugin(current: () => Drawn): Plugin<"line"> {
  return {
    id: "taskscope-overlay",
    afterDatasetsDraw(chart) {
      const { ctx, chartArea: area } = chart;
      const { model, axis, theme, dots } = current();
      const x = chart.scales["x"];
      const y = chart.scales["y"];
      if (!x || !y) return;
      const at = (step: number): number => x.getPixelForValue(step / axis.scale);
      ctx.save();
      ctx.font = `11px ${theme.fontFamily}`;
      ctx.textBaseline = "middle";
      drawZero();
      drawBreaks();
      drawEnds();
      ctx.restore();

      function drawZero(): void {
        if (model.zero === null || !y) return;
        const level = y.getPixelForValue(0);
        if (level < area.top || level > area.bottom) return;
        ctx.strokeStyle = theme.lines;
        ctx.setLineDash([1, 3]);
        ctx.beginPath();
        ctx.moveTo(area.left, level);
        ctx.lineTo(area.right, level);
        ctx.stroke();
        ctx.setLineDash([]);
        write(model.zero, area.left + 4, Math.min(level + 9, area.bottom - 5), theme.description);
      }

      function drawBreaks(): void {
        ctx.strokeStyle = theme.red;
        ctx.lineWidth = 1.5;
        for (const step of breaks(model.lines)) {
          const left = at(step);
          if (left < area.left || left > area.right) continue;
          ctx.beginPath();
          ctx.moveTo(left, area.bottom - 6);
          ctx.lineTo(left, area.bottom + 3);
          ctx.stroke();
        }
      }

      function drawEnds(): void {
        if (!y) return;
        const ends = model.lines
          .flatMap((line) => {
            const end = endOf(line, axis, model.log);
            return end && (dots || (line.short !== "" && line.label !== ""))
              ? [{ line, x: at(end.step), y: y.getPixelForValue(end.value) }]
              : [];
          })
          .slice(0, mostLabels);
        if (dots) {
          for (const end of ends) dot(end.x, Math.min(area.bottom, Math.max(area.top, end.y)), colourOf(theme, end.line));
          return;
        }
        const heights = spread(
          ends.map((end) => end.y),
          labelGap,
          area.top + 4,
          area.bottom - 2,
        );
        const room = chart.width - area.right - 8;
        ends.forEach(({ line, x: left }, i) => {
          write(shortened(ctx, line.short, room), Math.min(left, area.right) + 6, heights[i] ?? 0, colourOf(theme, line));
        });
      }

      function dot(left: number, top: number, colour: string): void {
        ctx.fillStyle = colour;
        ctx.beginPath();
        ctx.arc(left, top, 3, 0, 2 * Math.PI);
        ctx.fill();
      }

      /** With a halo in the background's colour, so that it reads over lines. */
      function write(text: string, left: number, top: number, colour: string): void {
        ctx.lineWidth = 3;
        ctx.lineJoin = "round";
        ctx.strokeStyle = theme.background;
        ctx.strokeText(text, left, top);
        ctx.fillStyle = colour;
        ctx.fillText(text, left, top);
      }
    },
  };
}

/** Colour of a line: its task's hue, or the foreground. */
export function colourOf(theme: Theme, { task }: Pick<Line, "task">): string {
  return task === null ? theme.foreground : css(theme.task(task));
}

/** Last drawable point within the axis. */
function endOf({ curve, drawn }: Line, { min, max }: XAxis, log: boolean): { readonly step: number; readonly value: number } | null {
  for (let i = drawn.length - 1; i >= 0; i--) {
    const step = curve.steps[i] ?? 0;
    const value = drawn[i] ?? Number.NaN;
    if (step < min) return null;
    if (step <= max && Number.isFinite(value) && (!log || value > 0)) return { step, value };
  }
  return null;
}

function shortened(ctx: CanvasRenderingContext2D, text: string, room: number): string {
  if (ctx.measureText(text).width <= room) return text;
  let kept = text;
  while (kept.length > 1 && ctx.measureText(`${kept}…`).width > room) kept = kept.slice(0, -1);
  return `${kept}…`;
}
