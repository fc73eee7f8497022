import { findings, findingSeries, type Finding } from "../analysis/findings.ts";
import type { TextRange } from "../experiment/diagnostic.ts";
import { parseExperiment, type ParsedExperiment } from "../experiment/parse.ts";
import type { RunSummary } from "../runs/contract.ts";
import { RunReader } from "../runs/store/run-reader.ts";

/** What a run found, and the place in its experiment file that it is about. */
export interface PlacedFinding {
  readonly finding: Finding;
  readonly range: TextRange;
}

/** Reads the store of an ended run; `text` is that of its experiment file now. Throws `RunStoreError`. */
export function placedFindings(run: RunSummary, text: string): readonly PlacedFinding[] {
  const parsed = parseExperiment(text);
  return read(run).map((finding) => ({ finding, range: placeOf(finding, parsed) }));
}

function read(run: RunSummary): readonly Finding[] {
  if (run.description === null) return [];
  using reader = RunReader.open(run.folder);
  const series = new Map(findingSeries(run.description).map((name) => [name, reader.points(name)]));
  return findings(run, (name) => series.get(name), reader.events());
}

/** The model for layers, the balancer for the trunk as a whole, the task's own line where the finding is about one. */
function placeOf({ code, task }: Finding, parsed: ParsedExperiment): TextRange {
  if (code === "owned-layers") return parsed.keyRangeOf(["model", "trunk"]);
  if (code === "owned-trunk" || code === "conflict") return parsed.keyRangeOf(["balancer"]);
  return parsed.keyRangeOf(task === undefined ? [] : ["tasks", task]);
}
