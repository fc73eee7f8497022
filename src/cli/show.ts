import type { Command } from "commander";
import { formatDuration } from "../analysis/format.ts";
import type { StepCompilation } from "../experiment/record.ts";
import type { RunSummary } from "../runs/contract.ts";
import { findRun, readEntry } from "../runs/registry.ts";
import { CommandError, exitCode } from "./exit.ts";
import { metricTable, ownershipTable } from "./result-tables.ts";
import { currentRoot, outcomeOf, progressOf, secondsOf } from "./run-facts.ts";
import { print, printJson, table, toned } from "./terminal.ts";
import { toneOf } from "./list.ts";

/** `taskscope show RUN`: everything known of one run. */
export function registerShow(program: Command): void {
  program
    .command("show")
    .description("Show one run: status, metrics, and who owns the trunk.")
    .argument("<run>", "id of the run, the beginning of it, or its folder")
    .option("--json", "print JSON")
    .action(async (asked: string, { json }: { readonly json?: true }) => {
      const entry = readEntry(findRun(currentRoot(), asked));
      if (entry.kind === "unreadable") throw new CommandError(entry.message, exitCode.failed);
      await (json ? printJson(asRecord(entry.summary)) : print(tell(entry.summary)));
    });
}

/** What `run --json` prints, and all that is known besides. Times as ISO 8601. */
function asRecord(run: RunSummary): object {
  return {
    ...outcomeOf(run),
    name: run.name,
    balancer: run.balancer,
    folder: run.folder,
    experiment: run.experimentFile,
    pid: run.owner?.pid ?? null,
    created: time(run.createdAt),
    started: time(run.startedAt),
    ended: time(run.endedAt),
    heartbeat: time(run.heartbeatAt),
    step: run.step,
    epoch: run.epoch,
    steps: run.description?.totalSteps ?? null,
    epochs: run.description?.epochs ?? null,
    progress: progressOf(run),
    bestStep: run.result?.bestStep ?? null,
    ownership: run.description?.ownership ?? null,
    compiled: run.description?.compiled ?? null,
    overrides: run.overrides,
    git: run.git,
    versions: run.versions,
    user: run.user,
  };
}

function time(moment: number | null): string | null {
  return moment === null ? null : new Date(moment).toISOString();
}

function tell(run: RunSummary): string {
  const { description, result } = run;
  const facts: [string, string][] = [
    ["run", run.id],
    ["status", toned(toneOf(run.status), run.status)],
    ...(run.reason === null ? [] : [["reason", run.reason] satisfies [string, string]]),
    ["experiment", run.experimentFile],
    ["balancer", run.balancer],
    ["seed", String(run.seed)],
    ["backend", backendOf(run)],
    ...(description?.compiled === undefined ? [] : [["compiled", compiledText(description.compiled)] satisfies [string, string]]),
    ["steps", `${run.step} of ${description?.totalSteps ?? "?"}`],
    ["time", formatDuration(secondsOf(run, Date.now()))],
    ...(run.overrides.length === 0 ? [] : [["overrides", run.overrides.join(" ")] satisfies [string, string]]),
    ...(run.git === null
      ? []
      : [["commit", `${run.git.commit.slice(0, 12)}${run.git.dirty ? " with changes" : ""}`] satisfies [string, string]]),
    ["folder", run.folder],
  ];
  return (
    table(
      facts.map(([name, value]) => [toned("dim", name), value]),
      "text",
    ) + (description === null || result === null ? "" : resultText(run))
  );
}

/** With what decides about the last bits: its version and its threads. */
function backendOf({ description, versions }: RunSummary): string {
  const { backend = description?.backend, threads } = versions;
  if (backend === undefined) return "–";
  return threads === undefined ? backend : `${backend}, ${threads} ${threads === "1" ? "thread" : "threads"}`;
}

function compiledText(compiled: StepCompilation): string {
  return compiled.works ? "yes" : `no: ${compiled.reason}`;
}

/** The tables at the end of a run. */
export function resultText({ description, result }: Pick<RunSummary, "description" | "result">): string {
  if (description === null || result === null) return "";
  const split = result.metrics.test === undefined ? "validation" : "test";
  const metrics = metricTable(description, result, split);
  const owners = ownershipTable(description, result);
  const how = description.ownership === "exact" ? "measured from each task's own updates" : "attributed through the shared optimizer state";
  return [
    metrics === "" ? "" : `\n${toned("bold", `Each task on the ${split} rows`)}\n${metrics}`,
    owners === "" ? "" : `\n${toned("bold", "Who owns each shared layer")} (${how})\n${owners}`,
  ].join("");
}
