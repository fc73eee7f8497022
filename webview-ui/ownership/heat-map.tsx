import type { RefObject } from "preact";
import { useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { formatNumber, formatShare } from "../../src/analysis/format.ts";
import { ownerOf, sharedBelow } from "../../src/analysis/ownership.ts";
import { inkOn } from "../colour.ts";
import { usePage } from "../parts/context.ts";
import { Swatch } from "../parts/swatch.tsx";
import { hideTip, showTip } from "../parts/tooltip.tsx";
import { say } from "../strings.ts";
import { momentText } from "../views/curves.tsx";
import { cellColour, type Colouring, paintHeatMap } from "./pictures.ts";
import type { Looking } from "./ownership.tsx";
import { type Row, rowAt } from "./rows.ts";
import { NowBars } from "./now-bars.tsx";
import { dominanceOf, ownedStretches, recordedShares, type ShareColumns, shareColumns, sharesAt, taking } from "./shares.ts";

interface HeatMapProps {
  readonly looking: Looking;
  readonly rows: readonly Row[];
  readonly height: number;
  readonly middle: RefObject<HTMLDivElement | null>;
  readonly timeLeft: string | null;
}

interface PaintedRow {
  readonly row: Row;
  readonly shares: ShareColumns;
  readonly colouring: Colouring;
}

/** Tensor × time: hue is the owner, distance from neutral how much more than an even split it has. */
export function HeatMap({ looking, rows, height, middle, timeLeft }: HeatMapProps) {
  const { dashboard, theme } = usePage();
  const { description, width, alone, end, step } = looking;
  const canvas = useRef<HTMLCanvasElement>(null);
  const chosen = dashboard.parameter.value;
  const recording = dashboard.recording.value;
  const painted = useMemo(
    () =>
      rows.map((row): PaintedRow => {
        const tasks = taking(description.tasks, row.parameter);
        return {
          row,
          shares: shareColumns(recording.store, dominanceOf(row.parameter), tasks, [0, description.totalSteps], Math.max(width, 1)),
          colouring: { theme: theme.value, tasks: tasks.map((task) => description.tasks.indexOf(task)), alone },
        };
      }),
    [rows, width, recording, theme.value, alone, description],
  );
  useLayoutEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (context && width > 0) paintHeatMap(context, height, painted);
  }, [painted, height, width]);

  const x = (at: number): number => (at / Math.max(1, description.totalSteps)) * width;
  const choose = (name: string): void => dashboard.remember({ parameter: name });
  const under = (event: MouseEvent): { readonly row: Row | null; readonly step: number } => {
    const box = canvas.current?.getBoundingClientRect();
    return box
      ? { row: rowAt(rows, event.clientY - box.top), step: ((event.clientX - box.left) / Math.max(1, width)) * description.totalSteps }
      : { row: null, step: 0 };
  };
  const onPointerMove = (event: PointerEvent): void => {
    const at = under(event);
    if (!at.row || at.step > end) return hideTip();
    const tasks = taking(description.tasks, at.row.parameter);
    const shares = recordedShares(recording.store, dominanceOf(at.row.parameter), tasks, at.step);
    if (!shares) return hideTip();
    showTip(
      event,
      <table>
        <tr>
          <th colSpan={2}>
            <b>{at.row.parameter.name}</b> {momentText(at.step, description)}
          </th>
        </tr>
        {tasks.map((task, k) => (
          <tr key={task.id}>
            <td>
              <Swatch task={description.tasks.indexOf(task)} /> {task.id}
            </td>
            <td>
              {formatNumber(shares[k] ?? Number.NaN, 3)} {say("rau")}
            </td>
          </tr>
        ))}
      </table>,
    );
  };
  const onClick = (event: MouseEvent): void => {
    const { row } = under(event);
    if (row) choose(row.parameter.name);
  };

  return (
    <>
      <RowNames rows={rows} height={height} looking={looking} onChoose={choose} />
      <div ref={middle} class="heat" style={{ height: `${height}px` }}>
        <canvas
          ref={canvas}
          width={Math.max(width, 1)}
          height={height}
          role="img"
          aria-label={say("heatMap")}
          onPointerMove={onPointerMove}
          onPointerLeave={hideTip}
          onClick={onClick}
        />
        <svg width={width} height={height} aria-hidden="true">
          {alone === null &&
            painted
              .filter(({ row }) => !row.minor)
              .map((each) => <OwnerNames key={each.row.parameter.name} painted={each} looking={looking} />)}
          {painted
            .filter(({ row }) => row.parameter.name === chosen)
            .map(({ row }) => (
              <rect key={row.parameter.name} class="chosen" x={-0.5} y={row.top - 0.5} width={width + 1} height={row.height + 1} />
            ))}
          {timeLeft !== null && width - x(end) > 90 && (
            <text x={x(end) + 8} y={height / 2}>
              {timeLeft}
            </text>
          )}
          {end >= 0 && <line class="handle" x1={x(step)} x2={x(step)} y1={0} y2={height + 8} />}
        </svg>
      </div>
      <NowBars rows={rows} height={height} looking={looking} />
    </>
  );
}

/** Names of the owners, written into every stretch wide enough: readable without the key, and without seeing hue. */
function OwnerNames({
  painted: { row, shares, colouring },
  looking: { description },
}: {
  readonly painted: PaintedRow;
  readonly looking: Looking;
}) {
  const stretches = useMemo(() => ownedStretches(shares), [shares]);
  return (
    <>
      {stretches.map(({ task, from, to }) => {
        const name = description.tasks[colouring.tasks[task] ?? -1]?.id ?? "";
        if (to - from < name.length * 7 + 14) return null;
        const middle = (from + to) >> 1;
        const fill = cellColour(sharesAt(shares, middle), colouring);
        return (
          <text key={from} class="owner" x={middle} y={row.top + row.height / 2} style={{ fill: fill ? inkOn(fill) : "currentColor" }}>
            {name}
          </text>
        );
      })}
    </>
  );
}

interface RowNamesProps {
  readonly rows: readonly Row[];
  readonly height: number;
  readonly looking: Looking;
  readonly onChoose: (name: string) => void;
}

/** The tensors' names: a list to choose from with ↑ and ↓, which says each one's owner too. */
function RowNames({ rows, height, looking: { description, step }, onChoose }: RowNamesProps) {
  const { dashboard } = usePage();
  const list = useRef<HTMLDivElement>(null);
  const chosen = dashboard.parameter.value;
  const onKeyDown = (event: KeyboardEvent): void => {
    const index = rows.findIndex(({ parameter }) => parameter.name === chosen);
    const next = { ArrowDown: index + 1, ArrowUp: index - 1, Home: 0, End: rows.length - 1 }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    const row = rows[Math.min(rows.length - 1, Math.max(0, next))];
    if (!row) return;
    onChoose(row.parameter.name);
    list.current?.children[rows.indexOf(row)]?.scrollIntoView({ block: "nearest" });
  };
  const active = rows.findIndex(({ parameter }) => parameter.name === chosen);
  return (
    <div
      ref={list}
      class="names"
      style={{ height: `${height}px` }}
      role="listbox"
      tabIndex={0}
      aria-label={say("tensors")}
      aria-activedescendant={active < 0 ? undefined : `tensor-${active}`}
      onKeyDown={onKeyDown}
    >
      {rows.map(({ parameter, top, height: tall, label, minor }, index) => (
        <div
          key={parameter.name}
          id={`tensor-${index}`}
          role="option"
          aria-selected={parameter.name === chosen}
          aria-label={`${parameter.name}, ${ownerWords(parameter)}`}
          title={`${parameter.name}: ${parameter.shape.join(" × ")}, ${say("weightsCount", formatNumber(parameter.size))}`}
          class={minor ? "minor" : ""}
          style={{ top: `${top}px`, lineHeight: `${tall}px` }}
          onClick={() => onChoose(parameter.name)}
        >
          {label}
        </div>
      ))}
    </div>
  );

  function ownerWords(parameter: Row["parameter"]): string {
    const tasks = taking(description.tasks, parameter);
    const owner = ownerOf(recordedShares(dashboard.recording.value.store, dominanceOf(parameter), tasks, step) ?? []);
    if (!owner) return say("noOwnership");
    const words = say("taskPercent", tasks[owner.task]?.id ?? "", formatShare(owner.share));
    return owner.strength < sharedBelow ? `${say("shared")}, ${words}` : words;
  }
}
