import { useRef } from "preact/hooks";
import { formatNumber, formatShare } from "../../src/analysis/format.ts";
import { dominanceThreshold, type ParameterDescription, series } from "../../src/experiment/record.ts";
import type { RunSummary } from "../../src/runs/contract.ts";
import { usePage } from "../parts/context.ts";
import { Swatch } from "../parts/swatch.tsx";
import { useWidth } from "../parts/use-size.ts";
import { say } from "../strings.ts";
import { ElementMap } from "./element-map.tsx";
import { Histogram } from "./histogram.tsx";
import { epochNumber } from "./epoch-words.ts";
import type { Looking } from "./ownership.tsx";
import { taking } from "./shares.ts";
import { valueAt } from "../state/series-store.ts";
import { useElements, useHistogram } from "./moments.ts";

/** One tensor at one moment: which weights, how mixed. */
export function Detail({ looking, run, namesWidth }: Omit<TensorDetailProps, "parameter">) {
  const { dashboard } = usePage();
  const name = dashboard.parameter.value;
  const parameter = looking.description.parameters.find((each) => each.name === name);
  if (!parameter) return null;
  return <TensorDetail key={parameter.name} looking={looking} run={run} parameter={parameter} namesWidth={namesWidth} />;
}

/** Pixels of the histogram and the space before it. */
const histogramRoom = 180;
/** Widest map; a wider one says no more. */
const mostWidth = 640;

interface TensorDetailProps {
  readonly looking: Looking;
  readonly run: RunSummary;
  readonly parameter: ParameterDescription;
  /** Pixels of the column of names, which the facts stand in. */
  readonly namesWidth: number;
}

function TensorDetail({ looking, run, parameter, namesWidth }: TensorDetailProps) {
  const { description, step } = looking;
  const tasks = taking(description.tasks, parameter);
  const histogram = useHistogram(run.id, parameter, description.tasks, tasks, looking);
  const elements = useElements(run.id, parameter, description.tasks, tasks, looking);
  const map = useRef<HTMLDivElement>(null);
  const across = useWidth(map);
  // Beside the map if there is room for both, else below it.
  const room = across > 2 * histogramRoom ? Math.min(mostWidth, across - histogramRoom) : across;
  return (
    <div class="detail" style={{ "--names": `${namesWidth}px` }}>
      <div class="facts">
        <b>{parameter.name}</b>
        <span>{parameter.shape.join("×")}</span>
        <span>{say("weightsCount", formatNumber(parameter.size))}</span>
        <span class="muted">{say("atEpoch", epochNumber(step, description))}</span>
        {elements.state === "shown" && <span class="muted">{say("mapEpoch", epochNumber(elements.step, description))}</span>}
      </div>
      <div class="detail-main">
        <OwnedWords looking={looking} parameter={parameter} />
        <div ref={map} class="map">
          {room > 0 && <ElementMap parameter={parameter} looking={looking} tasks={tasks} elements={elements} room={room} />}
          <Histogram looking={looking} tasks={tasks} counts={histogram} />
        </div>
      </div>
    </div>
  );
}

/** Least part worth a word. */
const leastWorded = 0.005;

/** What each task owns of the tensor, largest first. */
function OwnedWords({ looking: { description, step }, parameter }: Pick<TensorDetailProps, "looking" | "parameter">) {
  const { dashboard } = usePage();
  const parts = description.tasks.map(({ id }) =>
    valueAt(dashboard.recording.value.store.curve(series.dominated(parameter.name, id)), step),
  );
  if (!parts.every((part) => part !== null)) return null;
  const all = [
    ...parts.map((part, task) => ({ task, name: description.tasks[task]?.id ?? "", part })),
    { task: null, name: "", part: Math.max(0, 1 - parts.reduce((sum, part) => sum + part, 0)) },
  ];
  return (
    <div class="row words" title={`rAU > ${dominanceThreshold}`}>
      {all
        .filter(({ part }) => part >= leastWorded)
        .sort((a, b) => b.part - a.part)
        .map(({ task, name, part }) => (
          <span key={task} class="run">
            <Swatch task={task} />
            <span>{task === null ? say("sharedPercent", formatShare(part)) : say("ownsPercent", name, formatShare(part))}</span>
          </span>
        ))}
    </div>
  );
}
