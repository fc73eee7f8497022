import { formatNumber } from "../../src/analysis/format.ts";
import type { RunSummary } from "../../src/runs/contract.ts";
import { timeOfDay } from "../format.ts";
import { Button } from "../parts/button.tsx";
import { usePage } from "../parts/context.ts";
import { Icon } from "../parts/icon.tsx";
import { say } from "../strings.ts";

/** What broke, when, why, and what is kept. Nothing for a run that goes well. */
export function Banner({ run }: { readonly run: RunSummary }) {
  const { dashboard } = usePage();
  if (run.status !== "crashed" && run.status !== "failed") return null;
  const crashed = run.status === "crashed";
  const epochs = run.description?.epochs;
  const place = [formatNumber(run.step), formatNumber(run.epoch, 1), epochs === undefined ? "–" : formatNumber(epochs)] as const;
  const started = run.step > 0;
  const checkpoint = dashboard.events.value.findLast(({ kind }) => kind === "checkpoint");
  const headline = crashed
    ? started
      ? say("died", ...place)
      : say("diedBeforeStart")
    : started
      ? say("failedAt", ...place)
      : say("failedBeforeStart");
  const reason = run.reason ?? (crashed && run.heartbeatAt !== null ? say("gone", timeOfDay(run.heartbeatAt)) : null);
  return (
    <div class="banner" role="alert">
      <Icon name="error" tone="error" />
      <div>
        <p>
          <b>{headline}</b> {reason}
        </p>
        {started && (
          <p class="muted">
            {say("kept")} {checkpoint && say("lastCheckpoint", formatNumber(checkpoint.step))}
          </p>
        )}
      </div>
      <div class="row">
        <Button
          icon="debug-restart"
          primary
          onClick={() => dashboard.command("run")}
          disabled={!(dashboard.experiment.value?.trusted ?? false)}
        >
          {say("runAgain")}
        </Button>
        <Button icon="output" onClick={() => dashboard.command("show-log")}>
          {say("showLog")}
        </Button>
      </div>
    </div>
  );
}
