import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import util from "node:util";
import { BackendError } from "./backend-error.ts";

const packageName = "@tensorflow/tfjs-node";

/**
 * Loads the optional native backend and answers its version. It registers itself as backend `tensorflow` in the engine
 * that all copies of TensorFlow.js in one process share, so it may come from the user's workspace.
 * Throws `BackendError` when no folder has it, or when it is there but does not load.
 */
export function loadNative(workspaceFolder: string | undefined): string {
  const require = requireThatFinds([workspaceFolder, process.cwd(), dirname(process.argv[1] ?? "")]);
  restoreRemovedCheck();
  // Otherwise TensorFlow writes what it found about the processor to stderr, which is the trainer's log.
  process.env["TF_CPP_MIN_LOG_LEVEL"] ??= "2";
  process.env["TF_ENABLE_ONEDNN_OPTS"] ??= "1";
  try {
    require(packageName);
    const manifest: unknown = require(`${packageName}/package.json`);
    return versionOf(manifest);
  } catch (cause) {
    throw new BackendError(
      "native-broken",
      `The package ${packageName} is installed but does not load: ${messageOf(cause)} Reinstall it with "npm rebuild ${packageName}", or choose backend "wasm".`,
      cause,
    );
  }
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
    `The native backend needs the package ${packageName}, which was not found. Install it in the workspace with "npm install ${packageName}", or choose backend "wasm".`,
  );
}

/** tfjs-node 4.22 calls `util.isNullOrUndefined`, which Node 23 removed. */
function restoreRemovedCheck(): void {
  if ("isNullOrUndefined" in util) return;
  Object.defineProperty(util, "isNullOrUndefined", {
    configurable: true,
    value: (value: unknown) => value === null || value === undefined,
  });
}

function versionOf(manifest: unknown): string {
  if (typeof manifest === "object" && manifest !== null && "version" in manifest && typeof manifest.version === "string")
    return manifest.version;
  return "unknown";
}

function messageOf(error: unknown): string {
  const text = error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error);
  return text.endsWith(".") ? text : `${text}.`;
}
