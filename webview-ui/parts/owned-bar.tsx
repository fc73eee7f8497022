import { formatShare } from "../../src/analysis/format.ts";
import { say } from "../strings.ts";
import { inkOnTask, taskVariable } from "../theme.ts";
import { usePage } from "./context.ts";

interface OwnedBarProps {
  /** Ids of the tasks. */
  readonly tasks: readonly string[];
  /** Part of the weights that each task owns; the rest is shared. */
  readonly owned: readonly number[];
  /** Writes names and percentages into the parts that are wide enough. */
  readonly written?: boolean;
}

/** Least part that has room for its words. */
const roomForWords = 0.12;

/** One bar: what each task owns, and what is shared. The first task from the left, the second from the right, as in the strip. */
export function OwnedBar({ tasks, owned, written = false }: OwnedBarProps) {
  const { theme } = usePage();
  const parts = ownedParts(owned);
  return (
    <span class={written ? "own" : "own thin"} role="img" aria-label={ownedWords(tasks, owned)}>
      {parts.map(({ task, part }) => {
        const words = partWords(task === null ? null : (tasks[task] ?? ""), part);
        const ink = task === null ? "var(--vscode-foreground)" : inkOnTask(theme.value, task);
        return (
          <span
            key={task}
            title={words}
            style={{ flexGrow: part, background: task === null ? "var(--neutral)" : taskVariable(task), color: ink }}
            class={task === null ? "rest" : ""}
          >
            {written && part > roomForWords && <i>{words}</i>}
          </span>
        );
      })}
    </span>
  );
}

/** Parts from left to right: first task, then what is shared, then the others; parts too small to see are left out. */
export function ownedParts(owned: readonly number[]): { readonly task: number | null; readonly part: number }[] {
  const rest = Math.max(0, 1 - owned.reduce((sum, part) => sum + part, 0));
  const [first = 0, ...others] = owned;
  const parts: { readonly task: number | null; readonly part: number }[] = [
    { task: 0, part: first },
    { task: null, part: rest },
    ...others.map((part, k) => ({ task: k + 1, part })),
  ];
  return parts.filter(({ part }) => part > 0.0005);
}

/** `left 75 %, shared 24 %, right 1 %`. */
export function ownedWords(tasks: readonly string[], owned: readonly number[]): string {
  return ownedParts(owned)
    .map(({ task, part }) => partWords(task === null ? null : (tasks[task] ?? ""), part))
    .join(", ");
}

function partWords(task: string | null, part: number): string {
  return say("taskPercent", task ?? say("shared"), formatShare(part));
}
