import { useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { formatShare } from "../../src/analysis/format.ts";
import { series } from "../../src/experiment/record.ts";
import { usePage } from "../parts/context.ts";
import { Swatch } from "../parts/swatch.tsx";
import { say } from "../strings.ts";
import type { Looking } from "./ownership.tsx";
import { paintStrip } from "./pictures.ts";
import { recordedShares, shareColumns } from "./shares.ts";

const stripHeight = 60;
/** Rows of figures beside the strip. */
const mostFigures = 3;

/** The trunk as a whole, on the same time axis: part of its weights that each task owns. */
export function TrunkStrip({ looking }: { readonly looking: Looking }) {
  const { dashboard, theme } = usePage();
  const { description, width, alone, step, end } = looking;
  const canvas = useRef<HTMLCanvasElement>(null);
  const recording = dashboard.recording.value;
  const owned = useMemo(
    () => shareColumns(recording.store, series.trunkDominated, description.tasks, [0, description.totalSteps], Math.max(width, 1)),
    [recording, description, width],
  );
  useLayoutEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (context && width > 0) paintStrip(context, stripHeight, owned, { theme: theme.value, alone });
  }, [owned, theme.value, alone, width]);
  const now = recordedShares(recording.store, series.trunkDominated, description.tasks, step);
  const x = (step / Math.max(1, description.totalSteps)) * width;
  return (
    <>
      <div class="strip-name">
        {say("wholeTrunk")}
        <br />
        <small>{say("weightsOwned")}</small>
      </div>
      <div class="heat strip">
        <canvas
          ref={canvas}
          width={Math.max(width, 1)}
          height={stripHeight}
          role="img"
          aria-label={`${say("stripChart")}. ${
            now
              ? figures(now)
                  .map((f) => f.words)
                  .join(", ")
              : ""
          }`}
        />
        <svg width={width} height={stripHeight} aria-hidden="true">
          {end >= 0 && <line class="handle" x1={x} x2={x} y1={0} y2={stripHeight + 8} />}
        </svg>
      </div>
      <div class="strip-figures">
        {now &&
          figures(now).map(({ task, name, part }) => (
            <div key={name} class="run">
              <Swatch task={task} />
              <span class="grow">{name}</span>
              <span>{formatShare(part)}</span>
            </div>
          ))}
      </div>
    </>
  );

  /** The largest parts, what is shared among them. */
  function figures(parts: readonly number[]): { task: number | null; name: string; part: number; words: string }[] {
    const all = [
      ...parts.map((part, task) => ({ task, name: description.tasks[task]?.id ?? "", part })),
      { task: null, name: say("shared"), part: Math.max(0, 1 - parts.reduce((sum, part) => sum + part, 0)) },
    ];
    return all
      .sort((a, b) => b.part - a.part)
      .slice(0, mostFigures)
      .map((each) => ({ ...each, words: say("taskPercent", each.name, formatShare(each.part)) }));
  }
}
