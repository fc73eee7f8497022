import { formatDuration, formatNumber } from "../../src/analysis/format.ts";
import { type RunDescription, series } from "../../src/experiment/record.ts";
import type { RunSummary } from "../../src/runs/contract.ts";
import { usePage } from "../parts/context.ts";
import { TableToggle } from "../parts/table-toggle.tsx";
import { say } from "../strings.ts";
import { timeLeft } from "./time-left.ts";

/** How far, how long: one line, and a bar below it. */
export function StatusLine({ run, description }: { readonly run: RunSummary; readonly description: RunDescription }) {
  const { dashboard } = usePage();
  const active = dashboard.active.value;
  const broken = run.status === "crashed" || run.status === "failed";
  const pace = dashboard.recording.value.store.last(series.stepsPerSecond);
  const left = active ? timeLeft(run.step, description, pace) : null;
  const took =
    !active && run.startedAt !== null && run.endedAt !== null
      ? say("tookTime", formatDuration((run.endedAt - run.startedAt) / 1000))
      : null;
  const done = description.totalSteps > 0 ? Math.min(1, run.step / description.totalSteps) : 0;
  return (
    <>
      <div class="row status-line">
        <b>{say("epochOf", formatNumber(run.epoch, Number.isInteger(run.epoch) ? 0 : 1), formatNumber(description.epochs))}</b>
        {left && <span>{left}</span>}
        {took && <span>{took}</span>}
        <span class="muted">{say("stepOf", formatNumber(run.step), formatNumber(description.totalSteps))}</span>
        {pace !== null && <span class="muted">{say("stepsPerSecond", formatNumber(pace, pace < 10 ? 1 : 0))}</span>}
        <span class="muted">{say("backend", description.backend)}</span>
        {description.compiled && (
          <span class="muted" title={description.compiled.works ? undefined : description.compiled.reason}>
            {say(description.compiled.works ? "compiledSteps" : "plainSteps")}
          </span>
        )}
        {broken && <span class="muted">{say("asOf", formatNumber(run.step))}</span>}
        <span class="grow" />
        <TableToggle />
      </div>
      <div
        class={broken ? "progress failed" : "progress"}
        role="progressbar"
        aria-label={say("progress")}
        aria-valuemin={0}
        aria-valuemax={description.totalSteps}
        aria-valuenow={run.step}
        aria-valuetext={say("stepOf", run.step, description.totalSteps)}
      >
        <i style={{ width: `${100 * done}%` }} />
      </div>
    </>
  );
}
