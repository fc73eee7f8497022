import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { sha256 } from "./bundle.ts";

/**
 * A run's own copy of the user's code, in its folder: `<part>.json` with this, and beside it the code as it runs. A run that is
 * resumed runs its copy, whatever has become of the files since.
 */
export interface KeptModule {
  /** As the experiment names it. */
  readonly module: string;
  /** `esbuild 0.28.2`, or `node 24.21.0` where types were stripped without a bundler. */
  readonly builtBy: string;
  /** `bundle`: one ES module with its source map. `files`: a JSON object of files by URL. */
  readonly form: "bundle" | "files";
  readonly code: string;
  readonly map: string | undefined;
  /** The user's files that are in it, absolute, with the hash of each as it was. */
  readonly files: readonly { readonly path: string; readonly sha256: string }[];
}

export type ModulePart = "data" | "model";

/** The copy is not what was written. */
export class KeptModuleError extends Error {
  override readonly name = "KeptModuleError";
}

const manifestSchema = z.strictObject({
  format: z.literal(1),
  module: z.string(),
  builtBy: z.string(),
  form: z.enum(["bundle", "files"]),
  /** Of the code. */
  sha256: z.string(),
  files: z.array(z.strictObject({ path: z.string(), sha256: z.string() })),
});

/** Where the code that runs is. */
export function codeFile(folder: string, part: ModulePart, form: KeptModule["form"]): string {
  return join(folder, form === "bundle" ? `${part}.mjs` : `${part}.files.json`);
}

/** Writes the copy; the manifest last, so that a half-written copy counts for nothing. */
export function keepModule(folder: string, part: ModulePart, kept: KeptModule): void {
  const { module, builtBy, form, code, map, files } = kept;
  mkdirSync(folder, { recursive: true });
  writeFileSync(codeFile(folder, part, form), code);
  if (map !== undefined) writeFileSync(`${codeFile(folder, part, form)}.map`, map);
  const manifest: z.output<typeof manifestSchema> = { format: 1, module, builtBy, form, sha256: sha256(code), files: [...files] };
  writeFileSync(join(folder, `${part}.json`), `${JSON.stringify(manifest, undefined, 2)}\n`);
}

/** Reads the copy. Throws `KeptModuleError` when it is missing, or was changed: the run would go on with other code than it began with. */
export function readKeptModule(folder: string, part: ModulePart): KeptModule {
  const manifestFile = join(folder, `${part}.json`);
  if (!existsSync(manifestFile))
    throw new KeptModuleError(`The run's copy of it is missing: there is no ${manifestFile}. Start a new run instead.`);
  try {
    const { sha256: hash, format: _, ...manifest } = manifestSchema.parse(JSON.parse(readFileSync(manifestFile, "utf8")));
    const file = codeFile(folder, part, manifest.form);
    const code = readFileSync(file, "utf8");
    if (sha256(code) !== hash) {
      throw new KeptModuleError(
        `The run's copy of it, ${file}, was changed since the run began. A run goes on with the code it began with: put the copy back, or start a new run.`,
      );
    }
    const map = manifest.form === "bundle" ? readFileSync(`${file}.map`, "utf8") : undefined;
    return { ...manifest, code, map };
  } catch (error) {
    if (error instanceof KeptModuleError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new KeptModuleError(`The run's copy of it cannot be read (${reason}). Start a new run instead.`);
  }
}

/** Files that are not as they were when the copy was made. */
export function changedFiles({ files }: Pick<KeptModule, "files">): readonly string[] {
  return files.flatMap(({ path, sha256: hash }) => (existsSync(path) && sha256(readFileSync(path)) === hash ? [] : [path]));
}
