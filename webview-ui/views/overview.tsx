import { formatNumber, formatShare } from "../../src/analysis/format.ts";
import { ownerOf, sharedBelow } from "../../src/analysis/ownership.ts";
import { type RunDescription, series } from "../../src/experiment/record.ts";
import type { RunSummary } from "../../src/runs/contract.ts";
import { usePage } from "../parts/context.ts";
import { DataTable } from "../parts/data-table.tsx";
import { Note } from "../parts/note.tsx";
import { OwnedBar } from "../parts/owned-bar.tsx";
import { Swatch } from "../parts/swatch.tsx";
import { commonParameters } from "../state/wanted-series.ts";
import { say } from "../strings.ts";
import { FindingsColumn } from "./findings-column.tsx";
import { layerOwners } from "./layer-owners.ts";
import { LogTail } from "./log-tail.tsx";
import { StatusLine } from "./status-line.tsx";
import { TaskCard } from "./task-card.tsx";

/** Overview: is it learning? Who owns the trunk? What should I change? */
export function Overview({ run, description }: { readonly run: RunSummary; readonly description: RunDescription }) {
  const { dashboard } = usePage();
  const { tasks, asTable } = dashboard.memory.value;
  const broken = run.status === "crashed" || run.status === "failed";
  return (
    <>
      <StatusLine run={run} description={description} />
      <div class="overview">
        <div>
          {asTable ? (
            <MetricTable description={description} />
          ) : (
            <div class="cards">
              {description.tasks.map((task, index) =>
                tasks.length === 0 || tasks.includes(task.id) ? (
                  <TaskCard key={task.id} description={description} index={index} task={task} onOpen={() => dashboard.show("curves")} />
                ) : null,
              )}
            </div>
          )}
          <hr class="rule" />
          <TrunkOwners description={description} />
        </div>
        <div>
          {broken && <LogTail run={run} />}
          <FindingsColumn run={run} />
        </div>
      </div>
    </>
  );
}

/** Who owns the trunk: one bar for all of it, then one per layer. */
function TrunkOwners({ description }: { readonly description: RunDescription }) {
  const { dashboard } = usePage();
  const { store } = dashboard.recording.value;
  const ids = description.tasks.map(({ id }) => id);
  const weights = commonParameters(description).reduce((sum, { size }) => sum + size, 0);
  const owned = ids.map((id) => store.last(series.trunkDominated(id)) ?? Number.NaN);
  const layers = layerOwners(description, store);
  const title = (
    <div class="row">
      <h2>{say("whoOwns")}</h2>
      <small>{say("whoOwnsUnit", formatNumber(weights))}</small>
    </div>
  );
  if (weights === 0) return <Note text={say("noTrunk")} />;
  if (layers.length === 0) {
    return (
      <>
        {title}
        <Note text={dashboard.active.value ? say("noOwnership") : say("notRecorded")} />
      </>
    );
  }
  if (dashboard.memory.value.asTable) {
    return (
      <>
        {title}
        <DataTable
          title={say("ownerPerLayer")}
          unit="%"
          columns={[say("layer"), say("weights"), ...ids.map((id) => say("ownsPercent", id, "%")), ...ids.map((id) => say("shareOf", id))]}
          rows={layers.map((each) => [
            each.layer,
            formatNumber(each.weights),
            ...each.owned.map((part) => formatNumber(100 * part, 1)),
            ...each.shares.map((part) => formatNumber(100 * part, 1)),
          ])}
        />
      </>
    );
  }
  return (
    <>
      {title}
      {owned.every(Number.isFinite) && (
        <div class="trunk-bar">
          <OwnedBar tasks={ids} owned={owned} written />
        </div>
      )}
      <div class="layers" role="table" aria-label={say("ownerPerLayer")}>
        <div role="row">
          <span role="columnheader">{say("layer")}</span>
          <span role="columnheader" class="number">
            {say("weights")}
          </span>
          <span role="columnheader" class="wide-only">
            {say("layersHint")}
          </span>
          <span role="columnheader">{say("ownedBy")}</span>
          <span role="columnheader">{say("meanShare")}</span>
        </div>
        {layers.map((each) => (
          <div role="row" key={each.layer}>
            <span role="rowheader">
              <button
                type="button"
                class="link plain"
                title={say("showInOwnership", each.layer)}
                onClick={() => dashboard.showTensor(each.parameter)}
              >
                {each.layer}
              </button>
            </span>
            <span role="cell" class="number muted">
              {formatNumber(each.weights)}
            </span>
            <span role="cell" class="bar-cell" onClick={() => dashboard.showTensor(each.parameter)}>
              <OwnedBar tasks={ids} owned={each.owned} />
            </span>
            <span role="cell">
              <OwnerWords tasks={ids} owned={each.owned} />
            </span>
            <span role="cell">
              <ShareWords tasks={ids} shares={each.shares} />
            </span>
          </div>
        ))}
      </div>
    </>
  );
}

/** Part of a layer from which on its largest owner is named. */
const namedFrom = 0.15;

function OwnerWords({ tasks, owned }: { readonly tasks: readonly string[]; readonly owned: readonly number[] }) {
  const most = Math.max(...owned);
  if (most < namedFrom) return <>{say("shared")}</>;
  return (
    <>
      {tasks[owned.indexOf(most)]} <b>{formatShare(most)}</b>
    </>
  );
}

function ShareWords({ tasks, shares }: { readonly tasks: readonly string[]; readonly shares: readonly number[] }) {
  const owner = ownerOf(shares);
  if (!owner) return <>–</>;
  return (
    <span class={owner.strength < sharedBelow ? "muted" : ""}>
      <Swatch task={owner.task} /> {tasks[owner.task]} {formatShare(owner.share)}
    </span>
  );
}

/** The cards as a table. */
function MetricTable({ description }: { readonly description: RunDescription }) {
  const { dashboard } = usePage();
  const { store } = dashboard.recording.value;
  const cell = (value: number | null): string => (value === null ? "–" : formatNumber(value, 4));
  return (
    <DataTable
      title={say("overview")}
      unit=""
      columns={["task", "metric", say("validation"), say("loss"), say("taskWeight"), say("gradientNorm")]}
      rows={description.tasks.map(({ id, headlineMetric }) => [
        id,
        headlineMetric,
        cell(store.last(series.metric("validation", id, headlineMetric))),
        cell(store.last(series.loss(id))),
        cell(store.last(series.weight(id))),
        cell(store.last(series.gradientNorm(id))),
      ])}
    />
  );
}
