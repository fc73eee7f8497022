import { entriesOf, entryOf, itemsOf, textOf, valueOf, type Entry, type Path, type Tree } from "../tree.ts";

/** Where some of the rows come from, with the tasks that they have labels for. */
export interface DataPart {
  readonly data: Tree | undefined;
  readonly path: Path;
  /** Entries of `tasks`. */
  readonly tasks: readonly Entry[];
}

/** The source that a path of the experiment is about: of its own part, or of a task's labels; undefined where there is one source only. */
export function sourceAt(root: Tree, path: Path): string | undefined {
  const [section, second, name] = path;
  if (section === "data") return second === "sources" && name !== undefined ? String(name) : undefined;
  const part = dataParts(root).find(({ path: place, tasks }) => place.length > 1 && tasks.some(({ key }) => key === second));
  return section === "tasks" && part !== undefined ? String(part.path.at(-1)) : undefined;
}

/** The only source of rows, or each of several. */
export function dataParts(root: Tree): readonly DataPart[] {
  const data = valueOf(root, "data");
  const tasks = entriesOf(valueOf(root, "tasks"));
  if (entryOf(data, "sources") === undefined) return [{ data, path: ["data"], tasks }];
  return entriesOf(valueOf(data, "sources")).map(({ key, value }) => {
    const own = itemsOf(valueOf(value, "tasks")).map(textOf);
    return { data: value, path: ["data", "sources", key], tasks: tasks.filter((task) => own.includes(task.key)) };
  });
}
