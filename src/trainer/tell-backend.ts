import { experimentSchema } from "../experiment/schema.ts";
import { tryBackend } from "../training/backend/try-backend.ts";
import { wasmBeside } from "./wasm-beside.ts";

/** `trainer --try <backend> <workspace>`: prints whether the backend works, as JSON, and ends. Asked by `runs/process/try-backend.ts`. */
export async function tellBackend(entry: string, name: "wasm" | "native", workspaceFolder: string): Promise<void> {
  const { threads } = experimentSchema.shape.training.parse({});
  const tried = await tryBackend(name, { ...wasmBeside(entry), workspaceFolder, threads });
  await new Promise((resolve) => process.stdout.write(`${JSON.stringify(tried)}\n`, resolve));
}
