import { formatNumber, formatShare } from "../../src/analysis/format.ts";
import { ownerOf, sharedBelow } from "../../src/analysis/ownership.ts";
import { series } from "../../src/experiment/record.ts";
import type { RunSummary } from "../../src/runs/contract.ts";
import { DataTable } from "../parts/data-table.tsx";
import { usePage } from "../parts/context.ts";
import { TableToggle } from "../parts/table-toggle.tsx";
import { commonParameters } from "../state/wanted-series.ts";
import { say } from "../strings.ts";
import { epochWords } from "./epoch-words.ts";
import type { Looking } from "./ownership.tsx";
import { dominanceOf, recordedShares, taking } from "./shares.ts";
import { TensorTables } from "./tensor-tables.tsx";

/** The view in words: shares of each tensor now, one tensor in detail, and the trunk over time. */
export function OwnershipTables({ run, looking }: { readonly run: RunSummary; readonly looking: Looking }) {
  const { description, step } = looking;
  const { dashboard } = usePage();
  const { store } = dashboard.recording.value;
  const ids = description.tasks.map(({ id }) => id);
  const percent = (share: number | undefined): string => (share === undefined ? "–" : formatNumber(100 * share, 1));
  const steps = store.curve(series.trunkDominance(ids[0] ?? "")).steps;
  return (
    <>
      <div class="toolbar">
        <span class="grow" />
        <TableToggle />
      </div>
      <DataTable
        title={say("tensors")}
        unit={`%, ${say("meanRau")}, ${epochWords(step, description)}`}
        columns={[say("tensor"), say("weights"), say("ownedBy"), ...ids]}
        rows={commonParameters(description).map((parameter) => {
          const tasks = taking(description.tasks, parameter);
          const shares = recordedShares(store, dominanceOf(parameter), tasks, step);
          const owner = ownerOf(shares ?? []);
          const ownedBy = !owner
            ? "–"
            : owner.strength < sharedBelow
              ? say("shared")
              : `${tasks[owner.task]?.id ?? ""} ${formatShare(owner.share)}`;
          return [
            parameter.name,
            formatNumber(parameter.size),
            ownedBy,
            ...description.tasks.map((task) => percent(shares?.[tasks.indexOf(task)])),
          ];
        })}
      />
      <TensorTables run={run} looking={looking} />
      <DataTable
        title={say("wholeTrunk")}
        unit="%"
        columns={[
          say("unitStep"),
          say("unitEpoch"),
          ...ids.map((id) => say("shareOf", id)),
          ...ids.map((id) => `${say("weightsOwned")}: ${id}`),
        ]}
        rows={[...steps].map((at) => [
          formatNumber(at),
          formatNumber(at / Math.max(1, description.stepsPerEpoch), 2),
          ...(recordedShares(store, series.trunkDominance, description.tasks, at) ?? []).map(percent),
          ...(recordedShares(store, series.trunkDominated, description.tasks, at) ?? []).map(percent),
        ])}
      />
    </>
  );
}
