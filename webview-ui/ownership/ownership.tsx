import { useMemo, useRef } from "preact/hooks";
import { formatShare } from "../../src/analysis/format.ts";
import { type RunDescription, series } from "../../src/experiment/record.ts";
import type { RunSummary } from "../../src/runs/contract.ts";
import { css } from "../colour.ts";
import { usePage } from "../parts/context.ts";
import { Note } from "../parts/note.tsx";
import { Swatch } from "../parts/swatch.tsx";
import { TableToggle } from "../parts/table-toggle.tsx";
import { useWidth } from "../parts/use-size.ts";
import { commonParameters } from "../state/wanted-series.ts";
import { say } from "../strings.ts";
import type { Theme } from "../theme.ts";
import { timeLeft } from "../views/time-left.ts";
import { Detail } from "./detail.tsx";
import { HeatMap } from "./heat-map.tsx";
import { layOutRows } from "./rows.ts";
import { OwnershipTables } from "./ownership-tables.tsx";
import { recordedShares, taking } from "./shares.ts";
import { TimeAxis } from "./time-axis.tsx";
import { TrunkStrip } from "./trunk-strip.tsx";

/** What the parts of the view agree on: the run, the moment looked at, and the task shown alone. */
export interface Looking {
  readonly description: RunDescription;
  /** Step looked at: where the handle rests, or the end. */
  readonly step: number;
  /** Last step with recorded shares. */
  readonly end: number;
  readonly following: boolean;
  /** Index of the task shown alone. */
  readonly alone: number | null;
  /** Pixels of the time axis, the same in all rows. */
  readonly width: number;
}

/** Ownership: who owns which layer, and how does that change? */
export function Ownership({ run, description }: { readonly run: RunSummary; readonly description: RunDescription }) {
  const { dashboard } = usePage();
  const { memory } = dashboard;
  const { store } = dashboard.recording.value;
  const middle = useRef<HTMLDivElement>(null);
  const width = useWidth(middle);
  const common = useMemo(() => commonParameters(description), [description]);
  const layout = useMemo(() => layOutRows(common), [common]);
  const { moment, tasks, asTable } = memory.value;
  const end = lastStep();
  const step = moment === null ? end : Math.min(moment, Math.max(end, 0));
  const [onlyTask] = tasks;
  const alone = tasks.length === 1 ? description.tasks.findIndex(({ id }) => id === onlyTask) : -1;
  const looking: Looking = { description, step, end, following: moment === null, alone: alone < 0 ? null : alone, width };

  if (description.tasks.length < 2) return <Nothing title={say("oneTask")} text={say("oneTaskHint")} />;
  if (common.length === 0) return <Nothing title={say("noCommon")} text={say("noCommonHint")} />;
  if (asTable) return <OwnershipTables run={run} looking={looking} />;
  const namesWidth = Math.min(168, Math.max(64, 8.2 * Math.max(...layout.rows.map(({ label }) => label.length)) + 6));
  const left = dashboard.active.value ? timeLeft(run.step, description, store.last(series.stepsPerSecond)) : null;
  return (
    <>
      <div class="toolbar">
        <span class="muted">{attribution(description)}</span>
        <span class="grow" />
        <ColourKey looking={looking} />
        <TableToggle />
      </div>
      <div class="pane" style={{ "--names": `${namesWidth}px` }}>
        <div class="pane-title wide-row">
          <span class="run">
            <b>{run.user.title ?? run.balancer}</b>
            <small>{say("seed", run.seed)}</small>
          </span>
          <Verdict looking={looking} />
        </div>
        <HeatMap looking={looking} rows={layout.rows} height={layout.height} middle={middle} timeLeft={left} />
        <TrunkStrip looking={looking} />
        <TimeAxis looking={looking} live={dashboard.active.value} />
      </div>
      <hr class="rule" />
      {end < 0 ? (
        <Note text={dashboard.active.value ? say("noOwnershipHint") : say("notRecorded")} />
      ) : (
        <Detail looking={looking} run={run} namesWidth={namesWidth} />
      )}
    </>
  );

  /** The last step at which every tensor has shares; −1 before the first. */
  function lastStep(): number {
    const ends = common.flatMap((parameter) =>
      taking(description.tasks, parameter).map(({ id }) => store.curve(series.dominance(parameter.name, id)).steps.at(-1) ?? -1),
    );
    return ends.length === 0 ? -1 : Math.max(...ends);
  }
}

function Nothing({ title, text }: { readonly title: string; readonly text: string }) {
  return (
    <div class="empty">
      <h1>{title}</h1>
      <p class="muted">{text}</p>
    </div>
  );
}

/** Exact, or through whose accumulators. */
function attribution({ ownership, optimizer }: RunDescription): string {
  if (ownership === "exact") return say("rauExact");
  return optimizer === undefined ? say("rauAttributedPlain") : say("rauAttributed", optimizer);
}

/** With more tasks the ramps would only repeat the legend in the head. */
const mostRamps = 4;

/** From shared to owned, for each task. */
function ColourKey({ looking: { description, alone } }: { readonly looking: Looking }) {
  const { theme } = usePage();
  if (alone === null && description.tasks.length > mostRamps) return <span class="muted">{say("strengthWords")}</span>;
  return (
    <span class="key">
      <span class="muted">{say("sharedToOwned")}</span>
      {description.tasks.map(({ id }, index) =>
        alone === null || alone === index ? (
          <span key={id} class="run">
            <i class="ramp" style={{ background: rampOf(theme.value, index) }} />
            {id}
          </span>
        ) : null,
      )}
    </span>
  );
}

function rampOf(theme: Theme, index: number): string {
  return `linear-gradient(to right, ${[0, 0.25, 0.5, 0.75, 1].map((strength) => css(theme.owned(index, strength))).join(", ")})`;
}

/** From this part of the trunk on, its largest owner is the verdict. */
const verdictFrom = 0.35;

/** Who owns the trunk at the moment looked at, in a few words. */
function Verdict({ looking: { description, step, alone } }: { readonly looking: Looking }) {
  const { dashboard } = usePage();
  const owned = recordedShares(dashboard.recording.value.store, series.trunkDominated, description.tasks, step);
  if (!owned) return null;
  const most = alone === null ? Math.max(...owned) : (owned[alone] ?? 0);
  const owner = alone ?? owned.indexOf(most);
  const shared = Math.max(0, 1 - owned.reduce((sum, part) => sum + part, 0));
  return most > verdictFrom || alone !== null ? (
    <span class="run">
      <Swatch task={owner} />
      <b>{say("ownsPercent", description.tasks[owner]?.id ?? "", formatShare(most))}</b>
      <small>{say("ofTrunk")}</small>
    </span>
  ) : (
    <span class="run">
      <Swatch task={null} />
      <b>{say("sharedPercent", formatShare(shared))}</b>
      <small>{say("ofTrunk")}</small>
    </span>
  );
}
