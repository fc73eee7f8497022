import { availableParallelism } from "node:os";
import type { Command } from "commander";
import { RunFolderError, runsFolderOf } from "../runs/run-folder.ts";
import { type BackendReport, tryBackend } from "../runs/process/try-backend.ts";
import { RunStoreError } from "../runs/store/store-error.ts";
import { tryRun, type TriedRun } from "../runs/try-run.ts";
import { exitCode } from "./exit.ts";
import { programsBeside } from "./programs.ts";
import { currentRoot } from "./run-facts.ts";
import { print, printJson, say, table, toned } from "./terminal.ts";
import { version } from "./version.ts";

interface Doctor {
  readonly taskscope: string;
  readonly node: string;
  /** Version of the SQLite that is built into this Node and keeps the runs. */
  readonly sqlite: string;
  /** Processors that one process may use. */
  readonly cores: number;
  readonly wasm: BackendReport;
  readonly native: BackendReport;
  readonly runs: { readonly folder: string } & (({ readonly works: true } & TriedRun) | { readonly works: false; readonly reason: string });
}

/** `taskscope doctor`: whether experiments can be trained here, on what, and what to do where not. */
export function registerDoctor(program: Command): void {
  program
    .command("doctor")
    .description("Tell whether experiments can be trained and recorded here, on which backends, and what to do where not.")
    .option("--json", "print JSON")
    .action(async ({ json }: { readonly json?: true }) => {
      const doctor = await examine(currentRoot());
      await (json ? printJson(doctor) : print(tell(doctor)));
      // Without the native backend everything works, only slower.
      const ill = [doctor.wasm, doctor.runs].some(({ works }) => !works);
      if (ill) process.exitCode = exitCode.failed;
      if (!json) say(ill ? "Experiments cannot be trained here." : "Experiments can be trained here.");
    });
}

async function examine(root: string): Promise<Doctor> {
  const { trainer: entry, execPath } = programsBeside();
  const [wasm, native] = await Promise.all((["wasm", "native"] as const).map((name) => tryBackend(name, { entry, execPath }, root)));
  if (wasm === undefined || native === undefined) throw new TypeError("Two backends were asked for.");
  const { node, sqlite = "unknown" } = process.versions;
  return { taskscope: version, node, sqlite, cores: availableParallelism(), wasm, native, runs: examineRuns(root) };
}

function examineRuns(folder: string): Doctor["runs"] {
  try {
    return { folder: runsFolderOf(folder), works: true, ...tryRun(folder) };
  } catch (error) {
    const isExpected = error instanceof RunFolderError || error instanceof RunStoreError || (error instanceof Error && "code" in error);
    if (!isExpected) throw error;
    return { folder: runsFolderOf(folder), works: false, reason: error.message };
  }
}

function tell({ taskscope, node, sqlite, cores, wasm, native, runs }: Doctor): string {
  const rows = [
    ["taskscope", "", `${taskscope}, Node ${node}, SQLite ${sqlite}, ${counted(cores, "core")}`],
    ["wasm", mark(wasm.works, "red"), tellBackend(wasm)],
    ["native", mark(native.works, "yellow"), tellBackend(native)],
    ["runs", mark(runs.works, "red"), runs.works ? tellRuns(runs.folder, runs) : runs.reason],
  ];
  return table(
    rows.map(([name = "", sign = "", text = ""]) => [toned("dim", name), sign, text]),
    "text",
  );
}

function mark(works: boolean, tone: "red" | "yellow"): string {
  return works ? toned("green", "ok") : toned(tone, "no");
}

function tellBackend(report: BackendReport): string {
  if (!report.works) return report.reason;
  const { version: own, tensorflow, simd, threads, folder, compiles } = report;
  return [
    own,
    ...(tensorflow === undefined ? [] : [`TensorFlow ${tensorflow}`]),
    ...(simd === undefined ? [] : [simd ? "SIMD" : "no SIMD: this processor computes slowly"]),
    counted(threads, "thread"),
    ...(folder === undefined ? [] : [`from ${folder}`]),
    compiles.works ? "steps are compiled" : `steps are not compiled: ${compiles.reason}`,
  ].join(", ");
}

function tellRuns(folder: string, { journal, freeBytes }: TriedRun): string {
  const log = journal === "wal" ? "" : ", with the classic journal: this file system takes no write-ahead log";
  return `can be recorded in ${folder}, ${(freeBytes / 2 ** 30).toFixed(1)} GiB free${log}`;
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}
