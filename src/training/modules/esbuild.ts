import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type * as Esbuild from "esbuild";

export type Bundler = typeof Esbuild;

/** Esbuild was found and does not load. */
export class BundlerError extends Error {
  override readonly name = "BundlerError";
}

/**
 * The bundler of the user's own code: the nearest esbuild above the experiment, so that a workspace decides its version, else the
 * one that was installed with Taskscope. Undefined where there is none. Throws `BundlerError` when one is there and does not load:
 * another in its place might understand the code differently.
 */
export function findBundler(baseFolder: string): Bundler | undefined {
  for (const folder of [baseFolder, dirname(process.argv[1] ?? ""), process.cwd()]) {
    const require = createRequire(join(folder, "package.json"));
    const file = resolved(require);
    if (file !== undefined) return loaded(require, file);
  }
  return undefined;
}

function resolved(require: NodeJS.Require): string | undefined {
  try {
    return require.resolve("esbuild");
  } catch {
    return undefined; // Not here; the next folder may have it.
  }
}

function loaded(require: NodeJS.Require, file: string): Bundler {
  let found: unknown;
  try {
    found = require(file);
  } catch (cause) {
    const reason = cause instanceof Error ? (cause.message.split("\n")[0] ?? "") : String(cause);
    throw new BundlerError(`The esbuild in ${dirname(file)} does not load: ${reason} Install it again.`, { cause });
  }
  if (!isBundler(found)) throw new BundlerError(`What is installed as esbuild in ${dirname(file)} is not esbuild. Install it again.`);
  return found;
}

function isBundler(value: unknown): value is Bundler {
  return typeof value === "object" && value !== null && "build" in value && "version" in value && "stop" in value;
}
