import { SourceMap } from "node:module";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import type { CodePlace } from "../../experiment/code-place.ts";

const payload = z.object({
  file: z.string().default(""),
  version: z.int(),
  sources: z.array(z.string()),
  sourcesContent: z.array(z.string()).default([]),
  names: z.array(z.string()),
  mappings: z.string(),
  sourceRoot: z.string().default(""),
});

const origin = z.object({ fileName: z.string(), lineNumber: z.int(), columnNumber: z.int() });

/** Finds the lines of the user's files that an error came from. */
export class SourcePlaces {
  readonly #map: SourceMap | undefined;
  readonly #bundle: string;
  readonly #files: ReadonlySet<string>;

  /** `bundle` is the file that runs, `map` its source map; both empty where the user's own `files` run as they are. */
  constructor(files: readonly string[], bundle: string, map: string | undefined) {
    this.#files = new Set(files);
    this.#bundle = bundle;
    this.#map = map === undefined ? undefined : new SourceMap(payload.parse(JSON.parse(map)));
  }

  /** The innermost line of the user's files in the error's stack; without one, the innermost in a package they use. */
  of(error: unknown): CodePlace | undefined {
    if (!(error instanceof Error)) return undefined;
    const places = framesOf(error.stack ?? "").flatMap((frame) => this.#original(frame) ?? []);
    return places.find(({ file }) => this.#files.has(file)) ?? places[0];
  }

  #original(frame: CodePlace): CodePlace | undefined {
    // With Node's own source maps switched on, stacks tell the source already.
    if (this.#files.has(frame.file)) return frame;
    if (this.#map === undefined || frame.file !== this.#bundle) return undefined;
    const found = origin.safeParse(this.#map.findOrigin(frame.line, frame.column));
    if (!found.success || found.data.fileName.startsWith("taskscope:")) return undefined;
    return { file: found.data.fileName, line: found.data.lineNumber, column: found.data.columnNumber };
  }
}

/** `at f (file:///a/b.mjs?version:12:5)`, `at async /a/b.ts:3:1`, and the line that heads the stack of a syntax error. */
function framesOf(stack: string): readonly CodePlace[] {
  return stack.split("\n").flatMap((line): CodePlace[] => {
    const match = /(?:^|[\s(])(file:\/\/[^\s()]+?|\/[^():]+|[A-Za-z]:\\[^():]+):(\d+)(?::(\d+))?\)?$/.exec(line);
    if (match?.[1] === undefined) return [];
    const name = match[1].replace(/\?[^?]*$/, "");
    const file = name.startsWith("file:") ? fileURLToPath(name) : name;
    return [{ file, line: Number(match[2]), column: Number(match[3] ?? 1) }];
  });
}
