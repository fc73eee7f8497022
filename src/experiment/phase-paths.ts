import { entriesOf, itemsOf, valueOf, type Entry, type Path, type Tree } from "./tree.ts";

/** A path as it is seen from inside of a phase: a phase may have a balancer and an optimizer as the experiment has. */
export function insidePhase(path: Path): Path {
  return path[0] === "training" && path[1] === "phases" && path.length > 3 ? path.slice(3) : path;
}

/** The phases of an experiment, those that are mappings. */
export function phasesOf(root: Tree): readonly Tree[] {
  return itemsOf(valueOf(valueOf(root, "training"), "phases")).filter(({ kind }) => kind === "map");
}

/** All parts of an experiment that have this key: the experiment itself, and its phases. */
export function entriesEverywhere(root: Tree, key: "balancer" | "optimizer"): readonly Entry[] {
  return [root, ...phasesOf(root)].flatMap((part) => entriesOf(part).filter((entry) => entry.key === key));
}
