import { basename, dirname } from "node:path";
import type { Experiment } from "../experiment/schema.ts";
import { FileRecord, someNames } from "./data/file-record.ts";
import type { Recorder } from "./recorder.ts";
import { TrainingError } from "./training-error.ts";

/** What became of the data since a run began, told to whoever resumes it. */
export class ResumedData {
  readonly #changed: readonly string[];

  private constructor(changed: readonly string[]) {
    this.#changed = changed;
  }

  /** Compares the files with what they were when the run began, and records a warning where they are not the same. */
  static async compare(resumeFrom: string, baseFolder: string, recorder: Recorder): Promise<ResumedData> {
    const step = Number(basename(resumeFrom).replace(/^step-/, "")) || 0;
    const warn = (message: string): void => recorder.event({ kind: "warning", step, at: Date.now(), message });
    const record = readRecord(dirname(resumeFrom), warn);
    const changed = (await record?.changed(baseFolder)) ?? [];
    if (changed.length > 0) {
      warn(
        `${someNames(changed)} changed since the run began; it goes on with what is there now. Its curves before and after are of different data.`,
      );
    }
    return new ResumedData(changed);
  }

  /** A checkpoint that does not fit to files that changed: they are the reason, whatever was noticed first. */
  blamed(error: unknown): unknown {
    if (this.#changed.length === 0 || !(error instanceof TrainingError) || error.fault !== "checkpoint") return error;
    const them = this.#changed.length === 1 ? "it" : "them";
    const message =
      `${someNames(this.#changed)} changed since the run began, and the run cannot go on with ${them} as now. ` +
      `Put ${them} back as before, or start a new run. (${error.message})`;
    return new TrainingError("checkpoint", message, { cause: error });
  }
}

/** Opens the data of a run that begins, and keeps beside its checkpoints what the files were. The files are looked at before they are read. */
export async function recordingFiles<Opened>(
  {
    experiment,
    baseFolder,
    checkpointFolder,
  }: { readonly experiment: Experiment; readonly baseFolder: string; readonly checkpointFolder: string },
  open: () => Promise<Opened>,
): Promise<Opened> {
  const record = await FileRecord.take(experiment, baseFolder);
  const opened = await open();
  (await record.withImages(experiment, baseFolder)).write(checkpointFolder);
  return opened;
}

function readRecord(folder: string, warn: (message: string) => void): FileRecord | undefined {
  try {
    return FileRecord.read(folder);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    warn(`What the data was when the run began cannot be read, so nobody knows whether it is still the same: ${reason}`);
    return undefined;
  }
}
