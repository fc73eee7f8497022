import { statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { inspect } from "node:util";
import { z } from "zod";
import type { DataModule, ModelModule } from "../../../api/taskscope.js";
import type { CodePlace } from "../../experiment/code-place.ts";
import type { CheckCode } from "../../experiment/codes.ts";
import type { ModuleForm } from "../../experiment/module-forms.ts";
import { bundle, type Bundle, BundleError, sha256 } from "./bundle.ts";
import { Definition } from "./definition.ts";
import { type Bundler, BundlerError, findBundler } from "./esbuild.ts";
import { changedFiles, codeFile, keepModule, KeptModuleError, readKeptModule, type KeptModule, type ModulePart } from "./kept-module.ts";
import { ModuleError, shownPath } from "./module-error.ts";
import { shareModules } from "./shared-engine.ts";
import { SourcePlaces } from "./source-places.ts";
import { StrippedFiles, whyNotWithoutBundler } from "./strip-types.ts";

/** Where modules are looked for and kept. */
export interface ModuleRoom {
  /** Folder of the experiment. */
  readonly baseFolder: string;
  /** Folder that gets the copies which run. */
  readonly keptFolder: string;
  /** Run the copies that are there; without it they are made anew. */
  readonly resumed: boolean;
  /** Told when the user's code is about to be loaded, and when its function is about to be called. */
  readonly began?: (part: ModulePart, what: "load" | "call") => void;
  /** Told the user's files that are about to run. */
  readonly running?: (files: readonly string[]) => void;
}

/** Frames of a stack. TensorFlow.js alone can put a dozen above the user's line. */
const stackFrames = 100;

/** A module of the user's, loaded, and what turns its errors into places in it. */
export class OpenModule<Module extends DataModule | ModelModule> {
  readonly part: ModulePart;
  readonly definition: Pick<Definition<Module>, "make"> & { readonly origin?: Error };
  readonly kept: KeptModule;
  readonly #room: ModuleRoom;
  readonly #places: SourcePlaces;

  constructor(part: ModulePart, definition: OpenModule<Module>["definition"], kept: KeptModule, room: ModuleRoom, places: SourcePlaces) {
    this.part = part;
    this.definition = definition;
    this.kept = kept;
    this.#room = room;
    this.#places = places;
  }

  /** Tells that the user's function is called, and from what. */
  began(): void {
    this.#room.began?.(this.part, "call");
  }

  /** The line of the user's that an error came from. */
  placeOf(error: unknown): CodePlace | undefined {
    return this.#places.of(error);
  }

  /** What to tell of the copy, where there is something to tell. */
  get note(): string | undefined {
    const { kept } = this;
    const file = shown(kept.module, this.#room);
    if (this.#room.resumed) {
      const changed = changedFiles(kept).map((path) => shownPath(path, this.#room.baseFolder));
      return changed.length === 0
        ? undefined
        : `${changed.join(", ")} changed since the run began; it goes on with its own copy of ${file}.`;
    }
    return kept.form === "files" ? `No esbuild was found, so ${file} runs with Node's own type stripping.` : undefined;
  }

  /** What the user's code threw, at its line. */
  thrown(error: unknown): ModuleError {
    if (error instanceof ModuleError) return error;
    return failure("MTL504", this.part, this.kept.module, thrownText(error), this.#room, this.#places.of(error), error);
  }

  /** What the user's code gave is not what it must be; told where the module is defined. */
  unfit(explanation: string): ModuleError {
    const place = this.#places.of(this.definition.origin);
    return failure("MTL505", this.part, this.kept.module, explanation, this.#room, place);
  }
}

/** Either of the two kinds. */
export type UserModule = OpenModule<DataModule> | OpenModule<ModelModule>;

export function openDataModule(form: ModuleForm, room: ModuleRoom): Promise<OpenModule<DataModule>> {
  return open<DataModule>("data", form, room);
}

export function openModelModule(form: ModuleForm, room: ModuleRoom): Promise<OpenModule<ModelModule>> {
  return open<ModelModule>("model", form, room);
}

/** Bundles the file into the room, or takes the copy that is there, and loads it. Throws `ModuleError`. */
async function open<Module extends DataModule | ModelModule>(
  part: ModulePart,
  form: ModuleForm,
  room: ModuleRoom,
): Promise<OpenModule<Module>> {
  Error.stackTraceLimit = Math.max(Error.stackTraceLimit, stackFrames);
  shareModules();
  room.began?.(part, "load");
  const fail = (code: CheckCode, explanation: string, place?: CodePlace, cause?: unknown): ModuleError =>
    failure(code, part, form.module, explanation, room, place, cause);
  try {
    const { kept, exports, places } = room.resumed
      ? await runKept(part, room, readKeptModule(room.keptFolder, part))
      : await make(part, form, room);
    if (exports instanceof Thrown) throw fail("MTL504", thrownText(exports.error), places.of(exports.error), exports.error);
    const definition = definitionIn<Module>(exports, part);
    if (typeof definition === "string") throw fail("MTL505", definition);
    return new OpenModule(part, definition, kept, room, places);
  } catch (error) {
    if (error instanceof BundleError) throw fail("MTL502", error.message, error.place, error);
    if (error instanceof BundlerError) throw fail("MTL503", error.message, undefined, error);
    if (error instanceof KeptModuleError) throw fail("MTL501", error.message, undefined, error);
    throw error;
  }
}

interface Loaded {
  readonly kept: KeptModule;
  readonly exports: unknown;
  readonly places: SourcePlaces;
}

/** What the module threw while it was loaded. */
class Thrown {
  readonly error: unknown;

  constructor(error: unknown) {
    this.error = error;
  }
}

async function make(part: ModulePart, { module }: ModuleForm, room: ModuleRoom): Promise<Loaded> {
  const entry = resolve(room.baseFolder, module);
  if (statSync(entry, { throwIfNoEntry: false })?.isFile() !== true) {
    throw failure("MTL501", part, module, `There is no such file. The path is relative to the experiment file.`, room);
  }
  const bundler = findBundler(room.baseFolder);
  if (bundler === undefined) return makeStripped(part, module, entry, room);
  try {
    const { code, map, files } = await bundled(entry, bundler);
    const kept: KeptModule = { module, builtBy: `esbuild ${bundler.version}`, form: "bundle", code, map, files: await hashed(files) };
    keepModule(room.keptFolder, part, kept);
    return await runKept(part, room, kept);
  } finally {
    // Its own process would keep this one alive.
    await bundler.stop();
  }
}

async function bundled(entry: string, bundler: Bundler): Promise<Bundle> {
  try {
    return await bundle(entry, bundler);
  } catch (error) {
    if (error instanceof BundleError) throw error;
    // Most often its program for this system is missing.
    throw new BundlerError(`esbuild ${bundler.version} does not work: ${thrownText(error)} Install it again.`, { cause: error });
  }
}

async function makeStripped(part: ModulePart, module: string, entry: string, room: ModuleRoom): Promise<Loaded> {
  const lacking = whyNotWithoutBundler();
  if (lacking !== undefined) {
    const advice = `Install esbuild in the workspace with "npm install --save-dev esbuild".`;
    throw failure("MTL503", part, module, `There is no esbuild to bundle it, and ${lacking}. ${advice}`, room);
  }
  const stripped = new StrippedFiles();
  const exports = await loaded(() => stripped.run(entry));
  const files = [...stripped.files.keys()].map((url) => fileURLToPath(url));
  room.running?.(files);
  const code = JSON.stringify(Object.fromEntries(stripped.files));
  const kept: KeptModule = {
    module,
    builtBy: `node ${process.versions.node}`,
    form: "files",
    code,
    map: undefined,
    files: await hashed(files),
  };
  keepModule(room.keptFolder, part, kept);
  return { kept, exports, places: new SourcePlaces(files, "", undefined) };
}

async function runKept(part: ModulePart, room: ModuleRoom, kept: KeptModule): Promise<Loaded> {
  const files = kept.files.map(({ path }) => path);
  room.running?.(files);
  if (kept.form === "bundle") {
    const file = codeFile(room.keptFolder, part, kept.form);
    const places = new SourcePlaces(files, file, kept.map);
    const exports = await loaded(() => import(/* @vite-ignore */ `${pathToFileURL(file).href}?${sha256(kept.code)}`));
    return { kept, exports, places };
  }
  const lacking = whyNotWithoutBundler();
  if (lacking !== undefined) throw new KeptModuleError(`The run began with Node's own type stripping, and ${lacking}.`);
  const sources = z.record(z.string(), z.string()).parse(JSON.parse(kept.code));
  const stripped = new StrippedFiles(new Map(Object.entries(sources)));
  const exports = await loaded(() => stripped.run(resolve(room.baseFolder, kept.module)));
  return { kept, exports, places: new SourcePlaces(files, "", undefined) };
}

async function loaded(run: () => Promise<unknown>): Promise<unknown> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof BundleError) throw error;
    return new Thrown(error);
  }
}

async function hashed(files: readonly string[]): Promise<KeptModule["files"]> {
  return Promise.all(files.map(async (path) => ({ path, sha256: sha256(await readFile(path)) })));
}

/** The module's definition, or what is wrong with its exports. */
function definitionIn<Module extends DataModule | ModelModule>(
  exports: unknown,
  part: ModulePart,
): OpenModule<Module>["definition"] | string {
  const wanted = part === "data" ? "defineData" : "defineModel";
  const given = typeof exports === "object" && exports !== null && "default" in exports ? exports.default : undefined;
  if (given === undefined) return `It has no default export. Write "export default ${wanted}(…)".`;
  if (given instanceof Definition) return given.kind === part ? given : `Its default export is made with another function than ${wanted}.`;
  return `Its default export is not made with ${wanted}. Write "export default ${wanted}(…)".`;
}

function failure(
  code: CheckCode,
  part: ModulePart,
  module: string,
  explanation: string,
  room: ModuleRoom,
  place?: CodePlace,
  cause?: unknown,
): ModuleError {
  return new ModuleError({ code, part, explanation, file: shown(module, room), place }, room.baseFolder, cause);
}

function shown(module: string, { baseFolder }: ModuleRoom): string {
  return shownPath(resolve(baseFolder, module), baseFolder) || basename(module);
}

/** `TypeError: …` in one line; what is thrown may be anything. */
function thrownText(error: unknown): string {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : `It threw ${inspect(error, { depth: 1 })}`;
  const line = text.trim().replace(/\s*\n\s*/g, " ");
  return line.length > 500 ? `${line.slice(0, 500)}…` : line;
}
