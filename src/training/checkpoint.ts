import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, readdirSync, renameSync, rmSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import { z } from "zod";
import { TrainingError } from "./training-error.ts";

/**
 * Everything that a training is, at one moment between two steps: continuing from it gives the same numbers as never having
 * stopped. On disk it is a folder `step-N` with two files:
 *
 *   state.json   {"format": 1, "step": N, "values": {…}, "arrays": [{"name", "type", "length", "offset"}, …]}
 *   arrays.bin   the arrays one after another, little-endian, each at its offset (a multiple of 8 bytes)
 *
 * The folder is written under another name and renamed when it is whole, so that a `step-N` is never half a checkpoint.
 */
export interface Checkpoint {
  readonly step: number;
  /** Whatever is not an array, as JSON. */
  readonly values: Readonly<Record<string, unknown>>;
  readonly arrays: ReadonlyMap<string, CheckpointArray>;
}

export type CheckpointArray = Float32Array | Float64Array | Uint32Array;

const headerSchema = z.strictObject({
  format: z.literal(1),
  step: z.int().min(0),
  values: z.record(z.string(), z.unknown()),
  arrays: z.array(
    z.strictObject({
      name: z.string(),
      type: z.enum(["float32", "float64", "uint32"]),
      length: z.int().min(0),
      offset: z.int().min(0).multipleOf(8),
    }),
  ),
});

const files = { header: "state.json", arrays: "arrays.bin" } as const;

/** Writes `step-N` into `folder` and returns its path. An older one of the same step is replaced. */
export function writeCheckpoint(folder: string, checkpoint: Checkpoint): string {
  const path = checkpointPath(folder, checkpoint.step);
  const temporary = `${path}.writing`;
  rmSync(temporary, { recursive: true, force: true });
  makeBelow(folder, temporary);
  try {
    writeFiles(temporary, checkpoint);
    rmSync(path, { recursive: true, force: true });
    renameSync(temporary, path);
  } catch (error) {
    // Such as a full disk, of which half a checkpoint must not take any more.
    rmSync(temporary, { recursive: true, force: true });
    throw error;
  }
  return path;
}

function writeFiles(folder: string, checkpoint: Checkpoint): void {
  let offset = 0;
  const arrays = [...checkpoint.arrays].map(([name, values]) => {
    const entry = { name, type: typeOf(values), length: values.length, offset };
    offset += Math.ceil(values.byteLength / 8) * 8;
    return { entry, values };
  });
  const bytes = new Uint8Array(offset);
  for (const { entry, values } of arrays) {
    bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), entry.offset);
  }
  const header = { format: 1, step: checkpoint.step, values: checkpoint.values, arrays: arrays.map(({ entry }) => entry) };
  writeDurably(join(folder, files.arrays), bytes);
  writeDurably(join(folder, files.header), Buffer.from(JSON.stringify(header)));
}

/** Reads a `step-N` folder. Throws `TrainingError` when it is not a whole checkpoint. */
export function readCheckpoint(path: string): Checkpoint {
  try {
    const header = headerSchema.parse(JSON.parse(readFileSync(join(path, files.header), "utf8")));
    const bytes = readFileSync(join(path, files.arrays));
    const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
    const arrays = header.arrays.map(({ name, type, length, offset }) => [name, arrayAt(buffer, type, length, offset)] as const);
    return { step: header.step, values: header.values, arrays: new Map(arrays) };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new TrainingError("checkpoint", `The checkpoint ${path} cannot be read: ${reason}`, { cause: error });
  }
}

/** Deletes what a process left behind that ended while it was writing. */
export function removeHalfWritten(folder: string): void {
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder)) {
    if (/^step-\d+\.writing$/.test(name)) rmSync(join(folder, name), { recursive: true, force: true });
  }
}

/** Deletes every checkpoint in the folder but those of the given steps, and what an interrupted writing left behind. */
export function pruneCheckpoints(folder: string, kept: readonly number[]): void {
  if (!existsSync(folder)) return;
  const names = new Set(kept.map((step) => `step-${step}`));
  for (const name of readdirSync(folder)) {
    if (/^step-\d+(\.writing)?$/.test(name) && !names.has(name)) rmSync(join(folder, name), { recursive: true, force: true });
  }
}

export function checkpointPath(folder: string, step: number): string {
  return join(folder, `step-${step}`);
}

function typeOf(values: CheckpointArray): "float32" | "float64" | "uint32" {
  if (values instanceof Float32Array) return "float32";
  return values instanceof Float64Array ? "float64" : "uint32";
}

function arrayAt(buffer: ArrayBuffer, type: "float32" | "float64" | "uint32", length: number, offset: number): CheckpointArray {
  switch (type) {
    case "float32":
      return new Float32Array(buffer, offset, length);
    case "float64":
      return new Float64Array(buffer, offset, length);
    case "uint32":
      return new Uint32Array(buffer, offset, length);
  }
}

/** Written through to the disk before the rename makes it count. */
function writeDurably(path: string, bytes: Uint8Array): void {
  const file = openSync(path, "w");
  try {
    for (let written = 0; written < bytes.length;) written += writeSync(file, bytes, written);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** The run's own folder is not made: where it was deleted, no shell of it comes back. */
function makeBelow(folder: string, path: string): void {
  if (!existsSync(dirname(folder))) {
    throw new TrainingError("checkpoint", `A checkpoint cannot be written: the folder ${dirname(folder)} was deleted or moved.`);
  }
  mkdirSync(folder, { recursive: true });
  mkdirSync(path);
}
