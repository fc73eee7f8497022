import { RunReader } from "../../../src/runs/store/run-reader.ts";

/** A recorded run as a script that puts it into the page harness in place of made-up ones. */
export function realRunScript(folder: string): string {
  const reader = RunReader.open(folder);
  try {
    const summary = reader.summary();
    const list = reader.seriesList();
    const scalars = list.filter(({ width }) => width === 1).map(({ name }) => [name, pack(reader.points(name))] as const);
    const vectors = list
      .filter(({ width }) => width > 1)
      .flatMap(({ name }) => {
        const found = reader.vectors(name);
        return found ? [[name, { width: found.width, ...pack(found) }] as const] : [];
      });
    const snapshots = reader.snapshots();
    const maps = snapshots.map(({ parameter, step }) => bytes(reader.snapshot(parameter, step)?.map.shares ?? new Uint8Array(0)));
    const data = JSON.stringify({ summary, scalars, vectors, events: reader.events(), snapshots, maps });
    return `(${unpack.toString()})(${data.replaceAll("</", "<\\/")});`;
  } finally {
    reader.close();
  }
}

interface Packed {
  readonly steps: string;
  readonly values: string;
}

function pack({ steps, values }: { readonly steps: Float64Array; readonly values: Float64Array | Float32Array }): Packed {
  return { steps: bytes(steps), values: bytes(values) };
}

function bytes(array: Float64Array | Float32Array | Uint8Array): string {
  return Buffer.from(array.buffer, array.byteOffset, array.byteLength).toString("base64");
}

interface Transported {
  readonly summary: unknown;
  readonly scalars: readonly (readonly [string, Packed])[];
  readonly vectors: readonly (readonly [string, Packed & { readonly width: number }])[];
  readonly events: unknown;
  readonly snapshots: readonly { readonly parameter: string; readonly step: number }[];
  readonly maps: readonly string[];
}

/** Runs in the page: must not use anything outside of itself. */
function unpack({ summary, scalars, vectors, events, snapshots, maps }: Transported): void {
  const buffer = (text: string): ArrayBuffer => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer;
  Reflect.set(globalThis, "realRuns", [
    {
      summary,
      events,
      snapshots,
      log: [],
      scalars: new Map(
        scalars.map(([name, { steps, values }]) => [
          name,
          { steps: new Float64Array(buffer(steps)), values: new Float64Array(buffer(values)) },
        ]),
      ),
      vectors: new Map(
        vectors.map(([name, { steps, values, width }]) => [
          name,
          { width, steps: new Float64Array(buffer(steps)), values: new Float32Array(buffer(values)) },
        ]),
      ),
      map: (wanted: { readonly parameter: string; readonly step: number }) =>
        new Uint8Array(
          buffer(maps[snapshots.findIndex(({ parameter, step }) => parameter === wanted.parameter && step === wanted.step)] ?? ""),
        ),
    },
  ]);
}
