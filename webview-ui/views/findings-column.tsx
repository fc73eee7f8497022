import { spoken } from "../../src/analysis/finding-texts.ts";
import { type Finding, findings, type SeriesSource } from "../../src/analysis/findings.ts";
import { formatNumber } from "../../src/analysis/format.ts";
import type { RecordedEvent, RunSummary } from "../../src/runs/contract.ts";
import { usePage } from "../parts/context.ts";
import { Icon } from "../parts/icon.tsx";
import { say, sayText } from "../strings.ts";

/** Events shown one by one at most; repeated ones are counted. */
const mostEvents = 6;

/** What the run found, and what happened to it: claim, evidence, where to look. */
export function FindingsColumn({ run }: { readonly run: RunSummary }) {
  const { dashboard } = usePage();
  const { store } = dashboard.recording.value;
  const read: SeriesSource = (name) => {
    const curve = store.curve(name);
    return curve.steps.length > 0 ? curve : undefined;
  };
  const found = findings(run, read, dashboard.events.value);
  const happened = grouped(dashboard.events.value);
  const count = found.length + happened.length;
  return (
    <aside aria-label={say("findings")}>
      <div class="row">
        <h2>{say("findings")}</h2>
        {count > 0 && <small>{count}</small>}
      </div>
      {count === 0 && <p class="note flush">{dashboard.active.value ? say("noFindings") : say("noFindingsEnded")}</p>}
      {found.map((finding) => (
        <FoundItem key={`${finding.code} ${finding.task ?? ""}`} finding={finding} />
      ))}
      {happened.map(({ event, times }) => (
        <div key={event.id} class="finding">
          <Icon name={event.kind === "finding" ? "info" : "warning"} {...(event.kind === "finding" ? {} : { tone: "warning" as const })} />
          <div>
            <p>
              <b>{event.message}</b>
            </p>
            <p class="muted">
              {say("atStep", formatNumber(event.step), formatNumber(event.step / Math.max(1, run.description?.stepsPerEpoch ?? 1), 1))}
              {times > 1 && `, ${say("times", formatNumber(times))}`}
            </p>
          </div>
        </div>
      ))}
    </aside>
  );
}

function FoundItem({ finding }: { readonly finding: Finding }) {
  const { dashboard } = usePage();
  const open = (): void => (finding.parameter === undefined ? dashboard.show(finding.view) : dashboard.showTensor(finding.parameter));
  return (
    <div class="finding">
      <Icon
        name={finding.severity === "warning" ? "warning" : "info"}
        {...(finding.severity === "warning" ? { tone: "warning" as const } : {})}
      />
      <div>
        <p>
          <b>{spoken(finding.claim, sayText)}</b>
        </p>
        <p class="muted">{spoken(finding.evidence, sayText)}</p>
        {finding.view !== "overview" && (
          <button type="button" class="link" onClick={open}>
            {finding.view === "curves" ? say("showCurve") : say("showOwnership")}
          </button>
        )}
      </div>
    </div>
  );
}

/** Warnings, newest first, equal ones once. Steps that were not finite are a finding already. */
function grouped(events: readonly RecordedEvent[]): { readonly event: RecordedEvent; readonly times: number }[] {
  const groups = new Map<string, { event: RecordedEvent; times: number }>();
  for (const event of events) {
    if (event.kind !== "warning" && event.kind !== "finding") continue;
    const known = groups.get(event.message);
    groups.set(event.message, { event, times: (known?.times ?? 0) + 1 });
  }
  return [...groups.values()].sort((a, b) => b.event.step - a.event.step).slice(0, mostEvents);
}
