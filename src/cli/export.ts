import { createWriteStream } from "node:fs";
import { dirname, resolve } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { type Command, Option } from "commander";
import { exportedSeries, type ExportFormat, exportRun } from "../runs/export.ts";
import { findRun } from "../runs/registry.ts";
import { RunReader } from "../runs/store/run-reader.ts";
import { CommandError } from "./exit.ts";
import { currentRoot } from "./run-facts.ts";
import { print, say } from "./terminal.ts";

interface ExportOptions {
  readonly format: ExportFormat;
  readonly series?: string;
  readonly out?: string;
}

/** `taskscope export RUN`: everything that was recorded, never a sample. */
export function registerExport(program: Command): void {
  program
    .command("export")
    .description("Write everything a run recorded as csv or json.")
    .argument("<run>", "id of the run, the beginning of it, or its folder")
    .addOption(
      new Option("--format <format>", "csv: series,step,index,value; json: one document").choices(["csv", "json"]).makeOptionMandatory(),
    )
    .option("--series <glob>", 'only these series, e.g. "loss/*", "dominance/**", "{loss,weight}/*"')
    .option("--out <file>", "write to a file; default: stdout")
    .action(write);
}

async function write(asked: string, { format, series, out }: ExportOptions): Promise<void> {
  using reader = RunReader.open(findRun(currentRoot(), asked));
  const names = exportedSeries(reader, series);
  if (series !== undefined && names.length === 0) {
    const all = reader.seriesList().map(({ name }) => name);
    const wider = series.replace(/\*+/g, "**");
    if (wider !== series && exportedSeries(reader, wider).length > 0) {
      throw new CommandError(
        `No series is called like "${series}": * stays within one part of a name. "${wider}" goes over parts and finds some.`,
      );
    }
    throw new CommandError(
      `No series is called like "${series}". There are ${all.length}: ${all.slice(0, 12).join(", ")}${all.length > 12 ? ", …" : ""}`,
    );
  }
  const pieces = exportRun(reader, format, series);
  if (out === undefined) {
    for (const piece of pieces) await print(piece);
  } else {
    try {
      await pipeline(Readable.from(pieces), createWriteStream(out));
    } catch (error) {
      if (!(error instanceof Error) || !("code" in error)) throw error;
      const reason = error.code === "ENOENT" ? `there is no folder ${dirname(resolve(out))}` : error.message;
      throw new CommandError(`${out} cannot be written: ${reason}.`);
    }
    say(`${names.length} series written to ${out}.`);
  }
}
