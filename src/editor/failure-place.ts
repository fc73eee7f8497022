import type { CodePlace } from "../experiment/code-place.ts";
import type { RunSummary } from "../runs/contract.ts";
import { RunReader } from "../runs/store/run-reader.ts";

/** Where in the user's own code a run failed, and why; undefined where it failed elsewhere. Throws `RunStoreError`. */
export function failurePlace({
  folder,
  status,
}: Pick<RunSummary, "folder" | "status">): (CodePlace & { readonly message: string }) | undefined {
  if (status !== "failed") return undefined;
  using reader = RunReader.open(folder);
  const placed = reader.events().flatMap(({ kind, message, detail }) => {
    const { file, line, column } = detail ?? {};
    return kind === "state" && typeof file === "string" && typeof line === "number" && typeof column === "number"
      ? [{ file, line, column, message }]
      : [];
  });
  return placed.at(-1);
}
