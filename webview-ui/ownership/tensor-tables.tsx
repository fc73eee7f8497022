import { formatNumber, formatShare } from "../../src/analysis/format.ts";
import { ownerOf, sharedBelow } from "../../src/analysis/ownership.ts";
import { histogramBins, type ParameterDescription } from "../../src/experiment/record.ts";
import type { RunSummary } from "../../src/runs/contract.ts";
import { usePage } from "../parts/context.ts";
import { DataTable } from "../parts/data-table.tsx";
import { Select } from "../parts/select.tsx";
import { commonParameters } from "../state/wanted-series.ts";
import { say } from "../strings.ts";
import { epochNumber, epochWords } from "./epoch-words.ts";
import { useElements, useHistogram } from "./moments.ts";
import { outputMeans } from "./element-shares.ts";
import type { Looking } from "./ownership.tsx";
import { taking } from "./shares.ts";

interface TensorTablesProps {
  readonly run: RunSummary;
  readonly looking: Looking;
}

/** One tensor in words: a choice of it, its histogram of rAU, and the mean of each output channel in place of the map. */
export function TensorTables({ run, looking }: TensorTablesProps) {
  const { dashboard } = usePage();
  const common = commonParameters(looking.description);
  const chosen = common.find(({ name }) => name === dashboard.parameter.value);
  if (!chosen) return null;
  return (
    <>
      <div class="toolbar">
        <span class="field">
          {say("tensor")}
          <Select
            label={say("tensor")}
            value={chosen.name}
            options={common.map(({ name, size }) => ({ value: name, text: name, details: say("weightsCount", formatNumber(size)) }))}
            onChoose={(name) => dashboard.remember({ parameter: name })}
          />
        </span>
      </div>
      <TensorTable key={chosen.name} run={run} looking={looking} parameter={chosen} />
    </>
  );
}

function TensorTable({ run, looking, parameter }: TensorTablesProps & { readonly parameter: ParameterDescription }) {
  const { description, step } = looking;
  const tasks = taking(description.tasks, parameter);
  const counts = useHistogram(run.id, parameter, description.tasks, tasks, looking);
  const elements = useElements(run.id, parameter, description.tasks, tasks, looking);
  return (
    <>
      {counts && (
        <DataTable
          title={say("histogramNamed", parameter.name)}
          unit={`${say("weights")}, ${epochWords(step, description)}`}
          columns={[say("rau"), ...tasks.map(({ id }) => id)]}
          rows={Array.from({ length: histogramBins }, (_, bin) => [
            say("binRange", formatNumber(bin / histogramBins, 2), formatNumber((bin + 1) / histogramBins, 2)),
            ...counts.map((bins) => formatNumber(bins[bin] ?? NaN)),
          ])}
        />
      )}
      {elements.state === "shown" && (
        <DataTable
          title={say("outputsNamed", parameter.name)}
          unit={`%, ${say("meanRau")}, ${say("mapEpoch", epochNumber(elements.step, description))}`}
          columns={[say("outputChannel"), say("ownedBy"), ...tasks.map(({ id }) => id)]}
          rows={outputMeans(parameter.shape, elements.shares).map((means, output) => {
            const owner = ownerOf(means);
            const owned = owner && owner.strength >= sharedBelow;
            return [
              formatNumber(output),
              owned ? `${tasks[owner.task]?.id ?? ""} ${formatShare(owner.share)}` : say("shared"),
              ...means.map((share) => formatNumber(100 * share, 1)),
            ];
          })}
        />
      )}
    </>
  );
}
