import { formatDuration } from "../../src/analysis/format.ts";
import type { RunStatus, RunSummary } from "../../src/runs/contract.ts";
import { IconButton } from "../parts/button.tsx";
import { usePage } from "../parts/context.ts";
import { Icon, type IconName } from "../parts/icon.tsx";
import { Select } from "../parts/select.tsx";
import { Swatch } from "../parts/swatch.tsx";
import { say } from "../strings.ts";
import { runLabels } from "./run-words.ts";

const statusIcons: Readonly<Record<RunStatus, IconName>> = {
  queued: "clock",
  starting: "loading",
  running: "loading",
  stopping: "loading",
  completed: "pass",
  stopped: "stop-circle",
  failed: "error",
  crashed: "error",
};

/** What is shown, whose colours are whose, and what can be done. Stays in place while the view scrolls. */
export function Head() {
  const { dashboard } = usePage();
  const experiment = dashboard.experiment.value;
  const run = dashboard.run.value;
  return (
    <header class="head">
      <b>{experiment?.name ?? "Taskscope"}</b>
      {run && <RunPicker run={run} />}
      <span class="grow" />
      {run?.description && <TaskLegend ids={run.description.tasks.map(({ id }) => id)} />}
      {experiment && run && <Actions trusted={experiment.trusted} />}
    </header>
  );
}

function RunPicker({ run }: { readonly run: RunSummary }) {
  const { dashboard } = usePage();
  const silence = dashboard.silence.value;
  const runs = dashboard.runs.value;
  const broken = run.status === "crashed" || run.status === "failed";
  const labels = runLabels(runs, dashboard.now.value);
  return (
    <span class="run">
      <Select
        label={say("chooseRun")}
        value={run.id}
        options={runs.map((each, i) => ({
          value: each.id,
          text: labels[i] ?? each.id,
          details: `${say("seed", each.seed)}, ${say(each.status)}`,
        }))}
        onChoose={(id) => dashboard.showRun(id)}
      />
      <span class="muted wide-only">{say("seed", run.seed)}</span>
      <span class="run muted" role="status">
        <Icon name={statusIcons[run.status]} {...(broken ? { tone: "error" as const } : {})} />
        {say(run.status)}
      </span>
      {silence !== null && (
        <span class="run">
          <Icon name="warning" tone="warning" />
          {say("noSign", formatDuration(silence))}
        </span>
      )}
    </span>
  );
}

/** More tasks get lines of their own, below the actions. */
const fewTasks = 8;

/** The page's only legend, and its filter: a click shows a task alone, with Ctrl or Shift one more or one less. */
function TaskLegend({ ids }: { readonly ids: readonly string[] }) {
  const { dashboard } = usePage();
  const { tasks } = dashboard.memory.value;
  return (
    <span class={ids.length > fewTasks ? "legend many" : "legend"} role="group" aria-label={say("tasksShown")}>
      {ids.map((id, index) => {
        const shown = tasks.length === 0 || tasks.includes(id);
        return (
          <button
            key={id}
            type="button"
            class={shown ? "legend-task" : "legend-task off"}
            aria-pressed={shown}
            title={id}
            onClick={(event) => dashboard.toggleTask(id, event.ctrlKey || event.metaKey || event.shiftKey)}
          >
            <Swatch task={index} />
            <span>{id}</span>
          </button>
        );
      })}
    </span>
  );
}

function Actions({ trusted }: { readonly trusted: boolean }) {
  const { dashboard } = usePage();
  const active = dashboard.active.value;
  const stopping = dashboard.run.value?.status === "stopping";
  return (
    <span class="actions">
      {active ? (
        <IconButton
          icon="debug-stop"
          label={say(stopping ? "stopNow" : "stop")}
          disabled={!trusted}
          onClick={() => dashboard.command(stopping ? "stop-now" : "stop")}
        />
      ) : (
        <IconButton
          icon="debug-restart"
          label={trusted ? say("runAgain") : say("untrusted")}
          disabled={!trusted}
          onClick={() => dashboard.command("run")}
        />
      )}
      <IconButton icon="output" label={say("showLog")} onClick={() => dashboard.command("show-log")} />
      <IconButton icon="file-code" label={say("openConfig")} onClick={() => dashboard.command("open-config")} />
    </span>
  );
}
