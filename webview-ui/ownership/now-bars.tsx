import { formatShare } from "../../src/analysis/format.ts";
import { ownerOf, sharedBelow } from "../../src/analysis/ownership.ts";
import { usePage } from "../parts/context.ts";
import { say } from "../strings.ts";
import { taskVariable } from "../theme.ts";
import type { Looking } from "./ownership.tsx";
import type { Row } from "./rows.ts";
import { dominanceOf, recordedShares, taking } from "./shares.ts";

const barWidth = 46;

/** The cut at the moment looked at: one stacked bar of shares a row, and the owner's share, on the rows of the heat map. */
export function NowBars({ rows, height, looking }: { readonly rows: readonly Row[]; readonly height: number; readonly looking: Looking }) {
  return (
    <svg class="now-bars" width="100%" height={height} aria-hidden="true">
      <text x={0} y={-6}>
        {say("meanRau")}
      </text>
      {rows.map((row) => (
        <NowBar key={row.parameter.name} row={row} looking={looking} />
      ))}
    </svg>
  );
}

function NowBar({ row, looking: { description, step, alone } }: { readonly row: Row; readonly looking: Looking }) {
  const { dashboard } = usePage();
  const tasks = taking(description.tasks, row.parameter);
  const shares = recordedShares(dashboard.recording.value.store, dominanceOf(row.parameter), tasks, step);
  const owner = ownerOf(shares ?? []);
  if (!shares || !owner) return null;
  const indices = tasks.map((task) => description.tasks.indexOf(task));
  const tall = row.minor ? 5 : 12;
  const top = row.top + (row.height - tall) / 2;
  const aloneShare = alone === null ? null : (shares[indices.indexOf(alone)] ?? 0);
  let left = 0;
  return (
    <>
      {shares.map((share, k) => {
        const index = indices[k] ?? 0;
        const x = left;
        left += share * barWidth;
        return (
          <rect
            key={index}
            x={x}
            y={top}
            width={Math.max(0, share * barWidth - 0.5)}
            height={tall}
            style={{ fill: alone === null || alone === index ? taskVariable(index) : "var(--neutral)" }}
          />
        );
      })}
      {!row.minor && (
        <text class="now-words" x={barWidth + 6} y={row.top + row.height / 2}>
          {aloneShare !== null ? (
            formatShare(aloneShare)
          ) : owner.strength < sharedBelow ? (
            say("shared")
          ) : (
            <tspan style={{ fill: taskVariable(indices[owner.task] ?? 0) }} class="strong">
              {formatShare(owner.share)}
            </tspan>
          )}
        </text>
      )}
    </>
  );
}
