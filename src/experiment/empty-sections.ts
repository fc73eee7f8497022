import type { Entry, Path, Tree } from "./tree.ts";

/**
 * Sections that may be left out, with what stands for one under which nothing is written: as if its key were not there either,
 * or an empty part. So a file is right while the section is being typed. `*` is any key. Single values are no sections: of
 * those, one that is not given was most likely forgotten.
 */
const sections: readonly (readonly [path: string, means: "absent" | "map" | "list"])[] = [
  ["training", "absent"],
  ["track", "absent"],
  ["training.schedule", "absent"],
  ["training.clip", "absent"],
  ["training.earlyStopping", "map"],
  ["training.phases", "absent"],
  ["training.schedule.*", "map"],
  ["balancer", "absent"],
  ["optimizer", "absent"],
  ["optimizer.*", "map"],
  ["data.split", "absent"],
  ["data.schedule", "absent"],
  ["data.sources.*.split", "absent"],
  ["tasks.*.metrics", "absent"],
  ["tasks.*.loss.*", "map"],
  ["model.inputs", "absent"],
  ["model.inputs.*", "list"],
  ["model.heads", "absent"],
  ["model.heads.*", "list"],
];

/** The tree with empty sections as what they mean. */
export function withoutEmptySections(tree: Tree, path: Path = []): Tree {
  if (tree.kind !== "map" || path.length > 3) return tree;
  const entries = tree.entries.flatMap((entry): Entry[] => {
    const here = [...path, entry.key];
    const { value } = entry;
    if (!isNothing(value)) return [{ ...entry, value: withoutEmptySections(value, here) }];
    switch (meaningAt(here)) {
      case "absent":
        return [];
      case "map":
        return [{ ...entry, value: { kind: "map", entries: [], range: value.range, size: 1 } }];
      case "list":
        return [{ ...entry, value: { kind: "list", items: [], range: value.range, size: 1 } }];
      case undefined:
        return [entry];
    }
  });
  return { ...tree, entries };
}

/** Nothing at all, or YAML's words for it; not what a tag has made unreadable. */
function isNothing(tree: Tree): boolean {
  return tree.kind === "scalar" && tree.value === null && /^(?:~|null|Null|NULL)?$/.test(tree.source);
}

function meaningAt(path: readonly PropertyKey[]): "absent" | "map" | "list" | undefined {
  return sections.find(([pattern]) => {
    const steps = pattern.split(".");
    return steps.length === path.length && steps.every((step, i) => step === "*" || step === path[i]);
  })?.[1];
}
