import { existsSync, readdirSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import util from "node:util";
import { version_core } from "@tensorflow/tfjs-core";
import { BackendError } from "./backend-error.ts";

const packageName = "@tensorflow/tfjs-node";

export interface NativeOptions {
  /** Where the package is looked for first. */
  readonly workspaceFolder?: string;
  /** On how many threads it may compute. Fixed from the first start on: TensorFlow reads it once. */
  readonly threads?: number;
  /** Whether steps will run as one graph: then its operations share the threads, and else each operation computes on all of them. */
  readonly compile?: boolean;
  /** Why it must not be loaded, where a trial in another process has shown that. */
  readonly refused?: string | undefined;
}

export interface LoadedNative {
  /** Of the package. */
  readonly version: string;
  /** Folder of the package. */
  readonly folder: string;
  readonly threads: number;
}

/** How the backend computes, once it is loaded. */
let started: ThreadPools | undefined;

/**
 * Loads the optional native backend, without a word on the terminal. It registers itself as backend `tensorflow` in the engine
 * that all copies of TensorFlow.js in one process share, so it may come from the user's workspace.
 * Throws `BackendError` when no folder has it, when it is there but does not load, or when it runs already with other threads.
 */
export function loadNative({ workspaceFolder, threads = 1, compile = true, refused }: NativeOptions): LoadedNative {
  if (refused !== undefined) throw new BackendError("native-broken", refused);
  const pools = threadPools(threads, compile);
  requireSamePools(pools);
  const require = requireThatFinds(searched(workspaceFolder));
  const folder = dirname(require.resolve(`${packageName}/package.json`));
  const manifest: unknown = require(`${packageName}/package.json`);
  const version = versionOf(manifest);
  if (version !== version_core) {
    throw new BackendError(
      "native-broken",
      `The package ${packageName} in ${folder} is version ${version}, and ${version_core} is needed. Install that with "npm install ${packageName}@${version_core}", or choose backend "wasm".`,
    );
  }
  prepareEnvironment(pools);
  try {
    require(packageName);
  } catch (cause) {
    throw new BackendError(
      "native-broken",
      `The package ${packageName} is installed but does not load: ${messageOf(cause)} Reinstall it with "npm rebuild ${packageName}", or choose backend "wasm".`,
      cause,
    );
  }
  started = pools;
  return { version, folder, threads };
}

/** What the package is made of, to know again whether it is the one that was tried: its libraries with size and time. Undefined where there is none. */
export function nativeSignature(workspaceFolder: string): string | undefined {
  let folder: string;
  try {
    folder = dirname(requireThatFinds(searched(workspaceFolder)).resolve(`${packageName}/package.json`));
  } catch (error) {
    if (error instanceof BackendError) return undefined;
    throw error;
  }
  const libraries = ["lib", "deps/lib"].map((below) => join(folder, below)).filter((below) => existsSync(below));
  const files = libraries.flatMap((below) => readdirSync(below, { recursive: true, encoding: "utf8" }).map((name) => join(below, name)));
  // Beside the modules, where it was made by the script of Taskscope's checkout.
  const beside = join(folder, "../../../lib");
  const made = existsSync(beside) ? readdirSync(beside).filter((name) => name.startsWith("libtensorflow")) : [];
  const states = [join(folder, "package.json"), ...files.sort(), ...made.map((name) => join(beside, name))].flatMap((file) => {
    const found = statSync(file, { throwIfNoEntry: false });
    return found?.isFile() === true ? [`${file} ${found.size} ${found.mtimeMs}`] : [];
  });
  return [`${process.execPath} ${process.versions.node}`, ...states].join("\n");
}

function searched(workspaceFolder: string | undefined): readonly (string | undefined)[] {
  return [workspaceFolder, process.cwd(), dirname(process.argv[1] ?? "")];
}

/** TensorFlow's threads: those within one operation, and those that run operations beside each other. */
export interface ThreadPools {
  readonly within: number;
  readonly between: number;
}

/**
 * Operations of a graph run beside each other wherever one does not wait for the other, and each adds up in the order that it has on one thread:
 * the bits are the same at any number. Threads within an operation change them, and small operations wait for each other longer than
 * they compute; but where operations are asked for one after the other there is nothing else that a thread could do.
 */
export function threadPools(threads: number, compile: boolean): ThreadPools {
  return compile ? { within: 1, between: threads } : { within: threads, between: 1 };
}

/** They are made when it starts, and another number of them adds up in another order. */
function requireSamePools(asked: ThreadPools): void {
  if (started === undefined || (started.within === asked.within && started.between === asked.between)) return;
  throw new BackendError(
    "native-started",
    `The native backend of this process computes ${told(started)}, and was asked to compute ${told(asked)}. Start another process for that.`,
  );
}

function told({ within, between }: ThreadPools): string {
  if (between > 1) return `operations of a compiled step on ${counted(between)}`;
  return within > 1 ? `each operation on ${counted(within)}` : "on 1 thread";
}

function counted(threads: number): string {
  return `${threads} ${threads === 1 ? "thread" : "threads"}`;
}

function requireThatFinds(folders: readonly (string | undefined)[]): NodeJS.Require {
  for (const folder of folders) {
    if (folder === undefined || folder === "") continue;
    const require = createRequire(join(folder, "package.json"));
    try {
      require.resolve(packageName);
      return require;
    } catch {
      continue; // Not here; the next folder may have it.
    }
  }
  throw new BackendError(
    "native-missing",
    `The native backend needs the package ${packageName}, which was not found. Install it in the workspace with "npm install ${packageName}@${version_core}", or choose backend "wasm".`,
  );
}

/** What TensorFlow reads once, when it starts. */
function prepareEnvironment({ within, between }: ThreadPools): void {
  process.env["TF_NUM_INTRAOP_THREADS"] = String(within);
  process.env["TF_NUM_INTEROP_THREADS"] = String(between);
  // Otherwise it writes to stderr: what it found about the processor, and what it could not make faster. Errors come as such.
  process.env["TF_CPP_MIN_LOG_LEVEL"] ??= "3";
  process.env["TF_ENABLE_ONEDNN_OPTS"] ??= "1";
  restoreFormerChecks();
}

/** tfjs-node 4.22 calls `util.isNullOrUndefined`, which Node 23 removed, and `util.isArray`, of which Node 22 and newer complain on stderr. */
function restoreFormerChecks(): void {
  const checks = { isNullOrUndefined: (value: unknown) => value === null || value === undefined, isArray: Array.isArray };
  for (const [name, value] of Object.entries(checks)) Object.defineProperty(util, name, { configurable: true, writable: true, value });
}

function versionOf(manifest: unknown): string {
  if (typeof manifest === "object" && manifest !== null && "version" in manifest && typeof manifest.version === "string")
    return manifest.version;
  return "unknown";
}

function messageOf(error: unknown): string {
  const text = error instanceof Error ? (error.message.split("\n")[0] ?? "").trim() : String(error);
  return text.endsWith(".") ? text : `${text}.`;
}
