import type { Experiment } from "../schema.ts";

type SourcesData = Extract<Experiment["data"], { sources: unknown }>;

/** An experiment whose rows come from several sources. */
export type SourcesExperiment<Whole extends Pick<Experiment, "data"> = Experiment> = Omit<Whole, "data"> & { readonly data: SourcesData };

/** One of several sources. */
export interface OneSource {
  readonly name: string;
  readonly data: Exclude<Experiment["data"], SourcesData>;
  /** Tasks that its rows have labels for. */
  readonly tasks: readonly string[];
}

export function hasSources<Whole extends Pick<Experiment, "data">>(experiment: Whole): experiment is Whole & SourcesExperiment<Whole> {
  return "sources" in experiment.data;
}

export function sourcesOf({ data }: { readonly data: SourcesData }): readonly OneSource[] {
  return Object.entries(data.sources).map(([name, { tasks, ...form }]) => ({ name, data: form, tasks }));
}

/** A source as an experiment of its own: its rows and its tasks, in the experiment's order. */
export function sourceExperiment(experiment: SourcesExperiment, { data, tasks }: OneSource): Experiment {
  const own = Object.entries(experiment.tasks).filter(([id]) => tasks.includes(id));
  return { ...experiment, data, tasks: Object.fromEntries(own) };
}

/** Where a path of such an experiment of its own stands in the whole one. */
export function placeInWhole(source: string, path: readonly (string | number)[]): readonly (string | number)[] {
  const [section, ...below] = path;
  return section === "data" ? ["data", "sources", source, ...below] : path;
}
