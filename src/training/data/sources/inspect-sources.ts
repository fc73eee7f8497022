import { placeInWhole, sourceExperiment, sourcesOf, type SourcesExperiment } from "../../../experiment/data/source-experiments.ts";
import type { DataFacts } from "../../../experiment/facts.ts";
import type { Split } from "../../../experiment/record.ts";
import type { Experiment } from "../../../experiment/schema.ts";
import type { DataInspection, OpenedInspection } from "../inspect.ts";
import { differentInputs } from "./same-inputs.ts";
import { sharedMeasures } from "./shared-measures.ts";

/** Looks at one source as at an experiment of its own. */
type Inspect = (experiment: Experiment) => Promise<OpenedInspection>;

/** Everything that can be said of several sources without training: of each by itself, and of them together. */
export async function inspectSources(experiment: SourcesExperiment, inspect: Inspect): Promise<DataInspection> {
  const opened: { readonly name: string; readonly inspection: OpenedInspection }[] = [];
  for (const source of sourcesOf(experiment)) {
    opened.push({ name: source.name, inspection: await inspect(sourceExperiment(experiment, source)) });
  }
  const shared = sharedMeasures(opened.map(({ name, inspection }) => ({ name, measures: inspection.measures })));
  const found = opened.map(({ name, inspection }) => {
    const own = inspection.measures;
    const measures = shared !== undefined && "measures" in shared && own.length > 0 ? shared.measures : own;
    return { name, inspection: inspection.finish(measures) };
  });
  const problems = found.flatMap(({ name, inspection }) =>
    inspection.facts.problems.map((problem) => ({ ...problem, path: placeInWhole(name, problem.path) })),
  );
  const columns = found.flatMap(({ name, inspection }) => (inspection.facts.columns ?? []).map((column) => ({ ...column, source: name })));
  const rows = sumOf(found.map(({ inspection }) => inspection.facts.rows));
  const shapes = found.flatMap(({ name, inspection }) => (inspection.shape === undefined ? [] : [{ name, ...inspection.shape }]));
  const different = shared !== undefined && "problem" in shared ? shared.problem : differentInputs(shapes, shared !== undefined);
  if (different !== undefined) problems.push({ ...different });
  const isWhole = different === undefined && shapes.length === found.length;
  const tasks = shapes.flatMap((shape) => shape.tasks);
  const inOrder = Object.keys(experiment.tasks).flatMap((id) => tasks.find((task) => task.id === id) ?? []);
  return {
    facts: { columns, rows, problems },
    shape: isWhole ? { inputs: shapes[0]?.inputs ?? [], tasks: inOrder } : undefined,
  };
}

function sumOf(rows: readonly DataFacts["rows"][]): DataFacts["rows"] {
  const known = rows.filter((each) => each !== undefined);
  if (known.length < rows.length) return undefined;
  const sum = (split: Split): number => known.reduce((all, each) => all + each[split], 0);
  return { train: sum("train"), validation: sum("validation"), test: sum("test") };
}
