import { execFile, type ExecFileException } from "node:child_process";
import { z } from "zod";

/** A backend that trains on this machine, or why it does not, in one line. */
export type BackendReport = z.infer<typeof backendReport>;

/** What `trainer --try <backend> <workspace>` prints, as JSON. */
const backendReport = z.discriminatedUnion("works", [
  z.object({
    works: z.literal(true),
    version: z.string(),
    /** Threads it computes on unless an experiment says otherwise. */
    threads: z.number(),
    /** Whether `wasm` computes several numbers at once. */
    simd: z.boolean().exactOptional(),
    /** Whether a step is compiled, and why not, as the end of a sentence. */
    compiles: z.discriminatedUnion("works", [
      z.object({ works: z.literal(true) }),
      z.object({ works: z.literal(false), reason: z.string() }),
    ]),
    /** Version of the TensorFlow that computes, and folder of the package, with `native`. */
    tensorflow: z.string().exactOptional(),
    folder: z.string().exactOptional(),
  }),
  z.object({ works: z.literal(false), reason: z.string() }),
]);

const patienceMs = 60_000;

/**
 * Asks the trainer's program whether a backend works, with what a run in `workspace` would find. In a process of its own: libraries that do
 * not fit the machine may end the process that loads them.
 */
export async function tryBackend(
  name: "wasm" | "native",
  { entry, execPath }: { readonly entry: string; readonly execPath: string },
  workspace: string,
): Promise<BackendReport> {
  const env = { ...process.env, ELECTRON_RUN_AS_NODE: "1" };
  return new Promise((resolve) => {
    execFile(execPath, [entry, "--try", name, workspace], { timeout: patienceMs, env }, (error, stdout, stderr) => {
      if (error !== null) resolve({ works: false, reason: endedReason(name, error, stderr) });
      else resolve(backendReport.parse(JSON.parse(stdout)));
    });
  });
}

function endedReason(name: "wasm" | "native", { killed, signal, code }: ExecFileException, stderr: string): string {
  if (killed === true) return `The ${name} backend did not start within ${patienceMs / 1000} seconds. ${remedies[name]}`;
  const last = lastLine(stderr);
  const how = signal ?? `exit code ${code ?? "unknown"}`;
  const words = last === undefined ? "" : `: ${last.replace(/[.\s]*$/, ".")}`;
  return `The ${name} backend ends the process that loads it (${how})${words === "" ? "." : words} ${remedies[name]}`;
}

const remedies = {
  wasm: "Install Taskscope again.",
  native:
    'Its libraries were copied in part, or are made for another machine. Install @tensorflow/tfjs-node again (docs/backends.md tells how), or choose backend "wasm".',
} as const;

function lastLine(text: string): string | undefined {
  return text.split("\n").findLast((line) => line.trim() !== "");
}
