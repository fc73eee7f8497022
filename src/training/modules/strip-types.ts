import * as nodeModule from "node:module";
import { existsSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { CodePlace } from "../../experiment/code-place.ts";
import { BundleError, networkNames, notFetched } from "./bundle.ts";
import { sharedNames, standIn } from "./shared-engine.ts";

/** What this Node lacks to run the user's files without a bundler; undefined where it lacks nothing. */
export function whyNotWithoutBundler(): string | undefined {
  if (typeof nodeModule.stripTypeScriptTypes !== "function") return `Node ${process.versions.node} cannot strip TypeScript's types`;
  if (typeof nodeModule.registerHooks !== "function") return `Node ${process.versions.node} cannot redirect imports`;
  return undefined;
}

/**
 * Runs the user's files as they are, with Node's own type stripping in place of a bundler: types become blanks, so places stay.
 * What it cannot do that a bundler can: enums and other TypeScript that is more than types. Packages are not part of the copy.
 */
export class StrippedFiles {
  /** JavaScript of each file of the user's, by URL, in the order in which they were read. */
  readonly files: Map<string, string>;
  readonly #kept: boolean;
  /** What the entry leads to by relative imports. */
  readonly #own = new Set<string>();

  /** With `kept`, these files are run and nothing of the user's is read. */
  constructor(kept?: ReadonlyMap<string, string>) {
    this.files = new Map(kept ?? []);
    this.#kept = kept !== undefined;
  }

  /** Imports the file. Throws `BundleError` for code that cannot be read, and whatever the code throws. */
  async run(entry: string): Promise<unknown> {
    const url = pathToFileURL(entry).href;
    this.#own.add(url);
    // For as long as the process lives: the code may import more later.
    nodeModule.registerHooks({
      resolve: (specifier, context, next) => {
        const found = this.#resolve(specifier, context.parentURL);
        return found === undefined ? next(specifier, context) : { url: found, shortCircuit: true };
      },
      load: (address, context, next) => {
        const source = this.#source(address);
        return source === undefined ? next(address, context) : { format: "module", source, shortCircuit: true };
      },
    });
    // Another run of the same files in one process is another module.
    versions += 1;
    const loaded: unknown = await import(/* @vite-ignore */ `${url}?${versions}`);
    return loaded;
  }

  #resolve(specifier: string, parent: string | undefined): string | undefined {
    const importer = parent === undefined || !this.#own.has(plain(parent)) ? undefined : plain(parent);
    if (sharedNames.test(specifier)) {
      if (standIn(specifier) !== undefined) return `${scheme}${specifier}`;
      throw this.#refused(
        `"${specifier}" is a file inside of a package that Taskscope brings itself. Import from the package.`,
        specifier,
        importer,
      );
    }
    if (importer !== undefined && networkNames.test(specifier)) throw this.#refused(notFetched(specifier), specifier, importer);
    if (importer === undefined || !/^(?:\.{0,2}\/|file:)/.test(specifier)) return undefined;
    const url = new URL(specifier, importer).href;
    if (!/\.(?:m?ts|m?js)$/.test(url)) return undefined;
    if (!this.files.has(url) && (this.#kept || !existsSync(fileURLToPath(url)))) {
      throw this.#refused(
        `There is no file "${specifier}". Without a bundler, imports name the file with its ending.`,
        specifier,
        importer,
      );
    }
    this.#own.add(url);
    return url;
  }

  #source(address: string): string | undefined {
    if (address.startsWith(scheme)) return standIn(address.slice(scheme.length));
    const url = plain(address);
    if (!this.#own.has(url)) return undefined;
    const known = this.files.get(url);
    if (known !== undefined) return known;
    const source = stripped(fileURLToPath(url));
    this.files.set(url, source);
    return source;
  }

  #refused(explanation: string, specifier: string, importer: string | undefined): BundleError {
    const lines = importer === undefined ? [] : (this.files.get(importer) ?? "").split("\n");
    const line = lines.findIndex((text) => text.includes(specifier));
    const place =
      importer === undefined || line < 0
        ? undefined
        : { file: fileURLToPath(importer), line: line + 1, column: (lines[line] ?? "").indexOf(specifier) };
    return new BundleError(explanation, place);
  }
}

const scheme = "taskscope-shared:";

let versions = 0;

function plain(url: string): string {
  return url.replace(/[?#].*$/, "");
}

function stripped(path: string): string {
  const source = readFileSync(path, "utf8");
  if (!/ts$/.test(path)) return source;
  try {
    return nodeModule.stripTypeScriptTypes(source, { mode: "strip", sourceUrl: path });
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const hint =
      "code" in error && error.code === "ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX" ? ` Install esbuild in ${dirname(path)} to use it.` : "";
    throw new BundleError(`${error.message.replace(/\.?$/, ".")}${hint}`, placeIn(error, path));
  }
}

/** Node heads the stack with `path:line`, some lines of the source, and a row of ^ below the place. */
function placeIn({ stack = "" }: Error, path: string): CodePlace | undefined {
  const lines = stack.split("\n");
  const line = Number(/:(\d+)$/.exec(lines[0] ?? "")?.[1] ?? Number.NaN);
  const column = lines.find((text) => /^\s*\^+$/.test(text))?.indexOf("^") ?? -1;
  return Number.isInteger(line) && column >= 0 ? { file: path, line, column: column + 1 } : undefined;
}
