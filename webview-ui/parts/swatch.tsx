import { taskVariable } from "../theme.ts";

/** A task's colour, always beside its name; without a task, the neutral of what is shared. */
export function Swatch({ task }: { task: number | null }) {
  return <span class="swatch" style={{ background: task === null ? "var(--neutral)" : taskVariable(task) }} aria-hidden="true" />;
}
