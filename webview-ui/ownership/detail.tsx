import { formatNumber, formatShare } from "../../src/analysis/format.ts";
import { dominanceThreshold, type ParameterDescription } from "../../src/experiment/record.ts";
import type { RunSummary } from "../../src/runs/contract.ts";
import { usePage } from "../parts/context.ts";
import { Swatch } from "../parts/swatch.tsx";
import { say } from "../strings.ts";
import { ElementMap } from "./element-map.tsx";
import { Histogram } from "./histogram.tsx";
import { epochWords, type Looking } from "./ownership.tsx";
import { taking } from "./shares.ts";
import { series } from "../../src/experiment/record.ts";
import { valueAt } from "../state/series-store.ts";
import { useElements, useHistogram } from "./moments.ts";

/** One tensor at one moment: which weights, how mixed. */
export function Detail({ looking, run }: { readonly looking: Looking; readonly run: RunSummary }) {
  const { dashboard } = usePage();
  const name = dashboard.parameter.value;
  const parameter = looking.description.parameters.find((each) => each.name === name);
  if (!parameter) return null;
  return <TensorDetail key={parameter.name} looking={looking} run={run} parameter={parameter} />;
}

interface TensorDetailProps {
  readonly looking: Looking;
  readonly run: RunSummary;
  readonly parameter: ParameterDescription;
}

function TensorDetail({ looking, run, parameter }: TensorDetailProps) {
  const { description, step } = looking;
  const tasks = taking(description.tasks, parameter);
  const histogram = useHistogram(run.id, parameter, description.tasks, tasks, looking);
  const elements = useElements(run.id, parameter, description.tasks, tasks, looking);
  return (
    <div class="detail">
      <div class="facts">
        <b>{parameter.name}</b>
        {parameter.shape.join("×")}
        <br />
        {say("weightsCount", formatNumber(parameter.size))}
        <br />
        <span class="muted">{say("atEpoch", formatNumber(step / Math.max(1, description.stepsPerEpoch), 1))}</span>
      </div>
      <div class="detail-main">
        <OwnedWords looking={looking} parameter={parameter} />
        <div class="map">
          <ElementMap parameter={parameter} looking={looking} tasks={tasks} elements={elements} />
          <Histogram looking={looking} tasks={tasks} counts={histogram} />
        </div>
        {elements.state === "shown" && <p class="small muted">{say("mapEpoch", epochWords(elements.step, description).replace(/^\D+/, ""))}</p>}
      </div>
    </div>
  );
}

/** Least part worth a word. */
const leastWorded = 0.005;

/** What each task owns of the tensor, largest first. */
function OwnedWords({ looking: { description, step }, parameter }: Pick<TensorDetailProps, "looking" | "parameter">) {
  const { dashboard } = usePage();
  const parts = description.tasks.map(({ id }) => valueAt(dashboard.store.curve(series.dominated(parameter.name, id)), step));
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
