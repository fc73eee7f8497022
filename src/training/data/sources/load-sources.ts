import { placeInWhole, sourceExperiment, sourcesOf, type SourcesExperiment } from "../../../experiment/data/source-experiments.ts";
import { resolveSourceSchedule } from "../../../experiment/data/source-schedule.ts";
import type { Experiment } from "../../../experiment/schema.ts";
import { DataError, placedAt } from "../data-error.ts";
import type { Dataset } from "../dataset.ts";
import type { OpenedData } from "../opened-data.ts";
import { joinDatasets, type NamedDataset } from "./join-datasets.ts";
import { differentInputs } from "./same-inputs.ts";
import { sharedMeasures } from "./shared-measures.ts";

/**
 * Several sources as one data set: each is opened as an experiment of its own, their inputs are fitted together, and then each is encoded.
 * Throws the first `DataError`, with the path in the whole experiment that is to blame.
 */
export async function loadSources(experiment: SourcesExperiment, open: (source: Experiment) => Promise<OpenedData>): Promise<Dataset> {
  const opened: { readonly name: string; readonly data: OpenedData }[] = [];
  const datasets: NamedDataset[] = [];
  try {
    // One after the other: two that are being read take the memory of both.
    for (const source of sourcesOf(experiment)) {
      const data = await ofSource(source.name, async () => await open(sourceExperiment(experiment, source)));
      opened.push({ name: source.name, data });
    }
    const shared = sharedMeasures(opened.map(({ name, data }) => ({ name, measures: data.measures })));
    if (shared !== undefined && "problem" in shared) throw new DataError(shared.problem);
    for (const { name, data } of opened) {
      const measures = data.measures.length === 0 ? [] : (shared?.measures ?? data.measures);
      datasets.push({ name, dataset: await ofSource(name, async () => await data.finish(measures)) });
    }
    const problem = differentInputs(
      datasets.map(({ name, dataset }) => ({ name, inputs: dataset.inputs })),
      shared !== undefined,
    );
    if (problem !== undefined) throw new DataError(problem);
    return joinDatasets(datasets, Object.keys(experiment.tasks), resolveSourceSchedule(experiment.data.schedule));
  } catch (error) {
    for (const { data } of opened.slice(datasets.length)) await data.close?.();
    for (const { dataset } of datasets) await dataset.close?.();
    throw error;
  }
}

/** A problem of a source is told where the source stands in the whole experiment. */
async function ofSource<Value>(source: string, make: () => Promise<Value>): Promise<Value> {
  try {
    return await make();
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    throw new DataError(placedAt(error, placeInWhole(source, error.path)));
  }
}
