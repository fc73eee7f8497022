import type { ReadonlySignal, Signal } from "@preact/signals";
import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { written } from "../format.ts";
import { hideTip, showTip } from "../parts/tooltip.tsx";
import { Swatch } from "../parts/swatch.tsx";
import { say } from "../strings.ts";
import { taskVariable } from "../theme.ts";
import type { LineChartInstance } from "./chart-parts.ts";
import { LineChart } from "./line-chart.tsx";
import { type ChartModel, drawnAt, type XAxis } from "./model.ts";
import type { ChartLook } from "./options.ts";

export type Span = readonly [from: number, to: number];

interface InteractiveChartProps {
  readonly model: ChartModel;
  readonly axis: XAxis;
  readonly look: ChartLook;
  readonly recorded: boolean;
  /** Step under the crosshair of all charts, or null. */
  readonly cursor: Signal<number | null>;
  /** Span of steps shown; null for all. */
  readonly onZoom: (span: Span | null) => void;
  /** The whole span of steps. */
  readonly whole: Span;
  /** Sets the scale of the y axis; null where it can only be linear. */
  readonly onScale: ((log: boolean) => void) | null;
  /** `epoch 3.2 · step 1 500`. */
  readonly moment: (step: number) => string;
  readonly onAnnounce: (text: string) => void;
}

/** Steps of the crosshair across the chart, by keys. */
const keySteps = 100;
const wheelSpeed = 0.0015;

/** A line chart with the shared crosshair, read-outs in its caption, and zoom along x. */
export function InteractiveChart({
  model,
  axis,
  look,
  recorded,
  cursor,
  onZoom,
  whole,
  onScale,
  moment,
  onAnnounce,
}: InteractiveChartProps) {
  const plot = useRef<HTMLDivElement>(null);
  const geometry = useSignal<Geometry | null>(null);
  const band = useSignal<readonly [number, number] | null>(null);
  const drag = useRef<{ readonly x: number; readonly pan: boolean; readonly min: number; readonly max: number } | null>(null);

  const stepAt = (clientX: number): number => {
    const area = geometry.value;
    const box = plot.current?.getBoundingClientRect();
    if (!area || !box) return axis.min;
    const part = (clientX - box.left - area.left) / (area.right - area.left);
    return axis.min + Math.min(1, Math.max(0, part)) * (axis.max - axis.min);
  };
  const tip = (event: PointerEvent, step: number): void => showTip(event, <TipTable model={model} step={step} head={moment(step)} />);

  const onPointerDown = (event: PointerEvent): void => {
    if (event.button !== 0) return;
    drag.current = { x: event.clientX, pan: event.shiftKey, min: axis.min, max: axis.max };
    plot.current?.setPointerCapture(event.pointerId);
  };
  const onPointerMove = (event: PointerEvent): void => {
    const step = stepAt(event.clientX);
    const from = drag.current;
    const area = geometry.value;
    if (from && area && Math.abs(event.clientX - from.x) > 4) {
      hideTip();
      if (from.pan) {
        const by = ((from.x - event.clientX) / (area.right - area.left)) * (from.max - from.min);
        onZoom(within([from.min + by, from.max + by], whole));
      } else band.value = [stepAt(from.x), step];
      return;
    }
    cursor.value = step;
    tip(event, step);
  };
  const onPointerUp = (event: PointerEvent): void => {
    drag.current = null;
    if (!band.value) return;
    const [a, b] = band.value;
    band.value = null;
    if (Math.abs(a - b) > (axis.max - axis.min) / 200) onZoom([Math.min(a, b), Math.max(a, b)]);
    cursor.value = stepAt(event.clientX);
  };
  const leave = (): void => {
    if (drag.current) return;
    cursor.value = null;
    hideTip();
  };
  const onWheel = (event: WheelEvent): void => {
    // The wheel alone scrolls the page, unless this chart was chosen by click or key.
    const chosen = event.ctrlKey || event.metaKey || event.altKey || document.activeElement === plot.current?.parentElement;
    if (!chosen) return;
    event.preventDefault();
    const centre = stepAt(event.clientX);
    const factor = Math.exp(event.deltaY * wheelSpeed);
    const span: Span = [centre - (centre - axis.min) * factor, centre + (axis.max - centre) * factor];
    onZoom(span[1] - span[0] >= whole[1] - whole[0] ? null : within(span, whole));
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (event.key === "Escape") {
      leave();
      return;
    }
    if (by === undefined) return;
    event.preventDefault();
    const step = Math.min(
      axis.max,
      Math.max(axis.min, (cursor.value ?? (by > 0 ? axis.min : axis.max)) + (by * (axis.max - axis.min)) / keySteps),
    );
    cursor.value = step;
    onAnnounce(`${moment(step)}. ${model.title}: ${readings(model, step)}`);
  };

  return (
    <figure class="chart" tabIndex={0} aria-label={`${model.title}, ${model.unit}`} onKeyDown={onKeyDown} onBlur={leave}>
      <figcaption class="caption">
        {onScale && (
          <button
            type="button"
            class="scale"
            aria-pressed={model.log}
            aria-label={say("logScaleOf", model.title)}
            title={say("logScaleOf", model.title)}
            onClick={() => onScale(!model.log)}
          >
            {say("log")}
          </button>
        )}
        <h2>
          {model.title} <small>{model.unit}</small>
        </h2>
        <span class="grow" />
        <Readings model={model} cursor={cursor} />
      </figcaption>
      <div
        ref={plot}
        class="plot"
        style={{ height: `${look.height}px` }}
        onPointerDown={onPointerDown}
        onPointerMove={onPointerMove}
        onPointerUp={onPointerUp}
        onPointerLeave={leave}
        onWheel={onWheel}
        onDblClick={() => onZoom(null)}
      >
        <LineChart
          model={model}
          axis={axis}
          look={look}
          recorded={recorded}
          summary={say("chartSummary", `${model.title}, ${model.unit}`, readings(model, null))}
          onDrawn={(chart) => {
            geometry.value = geometryOf(chart);
          }}
        />
        <Crosshair model={model} axis={axis} geometry={geometry} cursor={cursor} band={band} />
      </div>
    </figure>
  );
}

/** Where the plot lies in its box, and how values become heights. */
interface Geometry {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
  readonly height: (value: number) => number;
}

function geometryOf(chart: LineChartInstance): Geometry {
  const { left, right, top, bottom } = chart.chartArea;
  return { left, right, top, bottom, height: (value) => chart.scales["y"]?.getPixelForValue(value) ?? bottom };
}

interface CrosshairProps {
  readonly model: ChartModel;
  readonly axis: XAxis;
  readonly geometry: ReadonlySignal<Geometry | null>;
  readonly cursor: ReadonlySignal<number | null>;
  readonly band: ReadonlySignal<readonly [number, number] | null>;
}

/** Line and dots at the cursor, and the band of a drag: DOM over the canvas, so that hovering never draws a chart. */
function Crosshair({ model, axis, geometry, cursor, band }: CrosshairProps) {
  const area = geometry.value;
  if (!area) return null;
  const left = (step: number): number => area.left + ((step - axis.min) / (axis.max - axis.min)) * (area.right - area.left);
  const step = cursor.value;
  const inside = step !== null && step >= axis.min && step <= axis.max;
  return (
    <div class="over" aria-hidden="true">
      {band.value && (
        <i
          class="band"
          style={{
            left: `${left(Math.min(...band.value))}px`,
            width: `${Math.abs(left(band.value[1]) - left(band.value[0]))}px`,
            top: `${area.top}px`,
            height: `${area.bottom - area.top}px`,
          }}
        />
      )}
      {inside && (
        <i class="cross" style={{ left: `${Math.round(left(step))}px`, top: `${area.top}px`, height: `${area.bottom - area.top}px` }} />
      )}
      {inside &&
        model.lines.map((line) => {
          const value = drawnAt(line, step);
          const lastStep = line.curve.steps.at(-1) ?? 0;
          if (value === null || !Number.isFinite(value) || step > lastStep + (axis.max - axis.min) / keySteps) return null;
          const top = area.height(value);
          if (!(top >= area.top - 1 && top <= area.bottom + 1)) return null;
          const colour = line.task === null ? "var(--vscode-foreground)" : taskVariable(line.task);
          return <i key={line.name} class="dot" style={{ left: `${left(step)}px`, top: `${top}px`, background: colour }} />;
        })}
    </div>
  );
}

/** Most values in a caption. Of more lines, two values are there and the number of the others. */
const mostReadings = 4;

/** Values at the cursor, or the last ones; legend and read-out in one. */
function Readings({ model, cursor }: { readonly model: ChartModel; readonly cursor: ReadonlySignal<number | null> }) {
  const step = cursor.value;
  const shown = model.lines.length > mostReadings ? model.lines.slice(0, 2) : model.lines;
  const rest = model.lines.length - shown.length;
  return (
    <>
      <span class="readings">
        {shown.map((line) => (
          <span key={line.name} title={line.label}>
            {line.task !== null && <Swatch task={line.task} />} <b>{written(drawnAt(line, step), model.style)}</b>
          </span>
        ))}
      </span>
      {rest > 0 && (
        <span class="fixed muted" title={readings(model, step)}>
          {say("moreLines", rest)}
        </span>
      )}
    </>
  );
}

function readings(model: ChartModel, step: number | null): string {
  return model.lines.map((line) => say("nameNow", line.label, written(drawnAt(line, step), model.style)).trim()).join(", ");
}

function TipTable({ model, step, head }: { readonly model: ChartModel; readonly step: number; readonly head: string }) {
  return (
    <table>
      <tr>
        <th colSpan={2}>{head}</th>
      </tr>
      {model.lines.map((line) => (
        <tr key={line.name}>
          <td>
            {line.task !== null && <Swatch task={line.task} />} {line.label || model.title}
          </td>
          <td>
            <b>{written(drawnAt(line, step), model.style)}</b>
          </td>
        </tr>
      ))}
    </table>
  );
}

/** A span of the same length, moved into the whole. */
function within([from, to]: Span, whole: Span): Span {
  const length = Math.min(to - from, whole[1] - whole[0]);
  const start = Math.max(whole[0], Math.min(from, whole[1] - length));
  return [start, start + length];
}
