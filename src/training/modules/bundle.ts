import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Message, Plugin } from "esbuild";
import { z } from "zod";
import type { CodePlace } from "../../experiment/code-place.ts";
import type { Bundler } from "./esbuild.ts";
import { sharedNames, standIn } from "./shared-engine.ts";

/** The user's file and all that it imports, as one ES module. */
export interface Bundle {
  readonly code: string;
  /** Source map; its sources are absolute paths. */
  readonly map: string;
  /** The files of the user's that are in it, absolute; packages are not listed. */
  readonly files: readonly string[];
}

/** The user's code is not what the bundler can read. */
export class BundleError extends Error {
  override readonly name = "BundleError";
  readonly place: CodePlace | undefined;

  constructor(explanation: string, place: CodePlace | undefined) {
    super(explanation);
    this.place = place;
  }
}

/**
 * Bundles one file with what it imports, packages too. Nothing is fetched: an import over the network is an error at its place.
 * Throws `BundleError` for code that cannot be read.
 */
export async function bundle(entry: string, { build, transform }: Pick<Bundler, "build" | "transform">): Promise<Bundle> {
  const folder = dirname(entry);
  try {
    const { outputFiles, metafile } = await build({
      absWorkingDir: folder,
      entryPoints: [entry],
      // Where it would be is where the sources are, so that their names in the map are relative to that.
      outfile: resolve(folder, "module.mjs"),
      write: false,
      bundle: true,
      platform: "node",
      format: "esm",
      target: `node${process.versions.node}`,
      sourcemap: "external",
      sourcesContent: true,
      metafile: true,
      logLevel: "silent",
      plugins: [sharedPackages, nothingFromTheNetwork, ownPlaces(transform)],
    });
    const [map, code] = [outputFiles.find(({ path }) => path.endsWith(".map")), outputFiles.find(({ path }) => path.endsWith(".mjs"))];
    if (map === undefined || code === undefined) throw new TypeError("The bundler gave no code.");
    const files = Object.keys(metafile.inputs).filter((path) => !path.startsWith(`${namespace}:`) && !/(?:^|\/)node_modules\//.test(path));
    const made = { code: code.text, map: withAbsoluteSources(map.text, folder), files: files.map((path) => resolve(folder, path)) };
    return made.code.includes(" __require = ") ? withRequire(made, entry) : made;
  } catch (error) {
    const [first, ...more] = messagesOf(error);
    if (first === undefined) throw error;
    throw new BundleError(explained(first, more.length), placeOf(first, folder));
  }
}

export function sha256(text: string | Uint8Array): string {
  return createHash("sha256").update(text).digest("hex");
}

const namespace = "taskscope";

/** The packages that must be the training's own. */
const sharedPackages: Plugin = {
  name: "shared-packages",
  setup(build) {
    build.onResolve({ filter: sharedNames }, ({ path }) => {
      if (standIn(path) !== undefined) return { path, namespace };
      const name = path
        .split("/")
        .slice(0, path.startsWith("@") ? 2 : 1)
        .join("/");
      return { errors: [{ text: `"${path}" is a file inside of a package that Taskscope brings itself. Import from "${name}".` }] };
    });
    build.onLoad({ filter: /.*/, namespace }, ({ path }) => ({ contents: standIn(path) ?? "", loader: "js" }));
  },
};

const nothingFromTheNetwork: Plugin = {
  name: "nothing-from-the-network",
  setup(build) {
    build.onResolve({ filter: networkNames }, ({ path }) => ({ errors: [{ text: notFetched(path) }] }));
  },
};

/** Imports over the network begin so. */
export const networkNames = /^(?:https?:)?\/\//;

export function notFetched(name: string): string {
  return `"${name}" is not fetched: modules come from this machine alone. Install it as a package, or copy it beside your file.`;
}

/**
 * In a bundle `import.meta.url` and `__dirname` would be the bundle's; code looks for its own files with them. In files that use
 * them they are replaced by what they are in the source.
 */
function ownPlaces(transform: Bundler["transform"]): Plugin {
  return {
    name: "own-places",
    setup(build) {
      build.onLoad({ filter: /\.[cm]?[jt]sx?$/, namespace: "file" }, async ({ path }) => {
        const source = await readFile(path, "utf8");
        if (!/\bimport\s*\.\s*meta\b|\b__(?:dir|file)name\b/.test(source)) return undefined;
        const define = {
          "import.meta.url": quoted(pathToFileURL(path).href),
          "import.meta.filename": quoted(path),
          "import.meta.dirname": quoted(dirname(path)),
          __filename: quoted(path),
          __dirname: quoted(dirname(path)),
        };
        try {
          const { code } = await transform(source, { loader: loaderOf(path), define, sourcemap: "inline", sourcefile: path });
          return { contents: code, loader: "js" };
        } catch {
          // Not to be read: the bundler itself tells that with its place.
          return undefined;
        }
      });
    },
  };
}

function loaderOf(path: string): "ts" | "tsx" | "js" | "jsx" {
  if (/\.[cm]?ts$/.test(path)) return "ts";
  if (path.endsWith(".tsx")) return "tsx";
  return path.endsWith(".jsx") ? "jsx" : "js";
}

const mapSchema = z.looseObject({ sources: z.array(z.string()), mappings: z.string() });

/** Packages written in CommonJS ask for Node's own modules by `require`, which an ES module does not have. */
function withRequire({ code, map, files }: Bundle, entry: string): Bundle {
  const line = `import { createRequire as _createRequire } from "node:module"; const require = _createRequire(${quoted(pathToFileURL(entry).href)});`;
  const parsed = mapSchema.parse(JSON.parse(map));
  // One line more before the others.
  return { code: `${line}\n${code}`, map: JSON.stringify({ ...parsed, mappings: `;${parsed.mappings}` }), files };
}

function withAbsoluteSources(map: string, folder: string): string {
  const parsed = mapSchema.parse(JSON.parse(map));
  const sources = parsed.sources.map((source) => (source.startsWith(`${namespace}:`) ? source : resolve(folder, source)));
  return JSON.stringify({ ...parsed, sources });
}

function messagesOf(error: unknown): readonly Message[] {
  if (!(error instanceof Error) || !("errors" in error) || !Array.isArray(error.errors)) return [];
  return error.errors.filter(isMessage);
}

function isMessage(value: unknown): value is Message {
  return typeof value === "object" && value !== null && "text" in value && "location" in value;
}

function explained({ text, notes }: Message, more: number): string {
  const [note] = notes;
  const own = text.replaceAll(`"${namespace}:`, '"');
  const sentence = [own, note?.text].flatMap((part) => (part === undefined || part === "" ? [] : [part.replace(/\.?$/, ".")]));
  return sentence.join(" ") + (more === 0 ? "" : ` (${more} more ${more === 1 ? "problem" : "problems"})`);
}

/** Esbuild counts columns in bytes, from 0. */
function placeOf({ location }: Message, folder: string): CodePlace | undefined {
  if (location === null) return undefined;
  const { file, line, column, lineText } = location;
  if (location.namespace !== "" && location.namespace !== "file") return undefined;
  return { file: resolve(folder, file), line, column: Buffer.from(lineText).subarray(0, column).toString().length + 1 };
}

function quoted(text: string): string {
  return JSON.stringify(text);
}
