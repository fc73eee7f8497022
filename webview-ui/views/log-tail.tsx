import type { RunSummary } from "../../src/runs/contract.ts";
import { usePage } from "../parts/context.ts";
import { say } from "../strings.ts";

/** The last lines of the log of a run that broke: the first place to look. */
export function LogTail({ run }: { readonly run: RunSummary }) {
  const { dashboard } = usePage();
  const log = dashboard.log.value;
  if (log?.run !== run.id || log.lines.length === 0) return null;
  return (
    <section class="log" aria-label={say("logTail")}>
      <h2>{say("logTail")}</h2>
      <pre tabIndex={0}>{log.lines.join("\n")}</pre>
    </section>
  );
}
