import type { TextRange } from "./diagnostic.ts";

/** The parts of an experiment file with their places. Aliases are resolved: two parts of the tree may be one object. */
export type Tree = MapTree | ListTree | ScalarTree;

export interface MapTree {
  readonly kind: "map";
  readonly entries: readonly Entry[];
  /** Of a part of several lines, its first line. */
  readonly range: TextRange;
  /** Nodes below and including this one, aliases expanded. */
  readonly size: number;
}

export interface Entry {
  readonly key: string;
  readonly keyRange: TextRange;
  readonly value: Tree;
}

export interface ListTree {
  readonly kind: "list";
  readonly items: readonly Tree[];
  readonly range: TextRange;
  readonly size: number;
}

export interface ScalarTree {
  readonly kind: "scalar";
  readonly value: string | number | boolean | null;
  /** As written in the file, without quotes. Empty for a value that is not there. */
  readonly source: string;
  /** Where nothing is written, the place of the key it belongs to. */
  readonly range: TextRange;
  readonly size: 1;
}

export type Path = readonly PropertyKey[];

/** The entry of a mapping; of a key that stands twice, the first. */
export function entryOf(tree: Tree | undefined, key: string): Entry | undefined {
  return tree?.kind === "map" ? tree.entries.find((entry) => entry.key === key) : undefined;
}

export function valueOf(tree: Tree | undefined, key: string): Tree | undefined {
  return entryOf(tree, key)?.value;
}

export function entriesOf(tree: Tree | undefined): readonly Entry[] {
  return tree?.kind === "map" ? tree.entries : [];
}

export function itemsOf(tree: Tree | undefined): readonly Tree[] {
  return tree?.kind === "list" ? tree.items : [];
}

/** The text of a scalar, if it is one. */
export function textOf(tree: Tree | undefined): string | undefined {
  return tree?.kind === "scalar" && typeof tree.value === "string" ? tree.value : undefined;
}

export interface Found {
  /** The part at the path, where there is one. */
  readonly tree: Tree | undefined;
  /** Place of the value, or of the nearest key above what is missing. */
  readonly range: TextRange;
  /** Place of the key, or of the list item, that leads here or nearest to here. */
  readonly keyRange: TextRange;
}

/** What stands at a path, or the nearest place above it. */
export function find(root: Tree, path: Path): Found {
  let tree: Tree | undefined = root;
  let keyRange = root.kind === "map" ? (root.entries[0]?.keyRange ?? root.range) : root.range;
  for (const step of path) {
    const below: { value: Tree; keyRange: TextRange } | undefined = child(tree, step);
    if (below === undefined) return { tree: undefined, range: keyRange, keyRange };
    tree = below.value;
    keyRange = below.keyRange;
  }
  return { tree, range: path.length === 0 ? keyRange : tree.range, keyRange };
}

function child(tree: Tree, step: PropertyKey): { value: Tree; keyRange: TextRange } | undefined {
  if (tree.kind === "map") return entryOf(tree, String(step));
  const item = tree.kind === "list" ? tree.items[Number(step)] : undefined;
  return item && { value: item, keyRange: startOf(item) };
}

/** A list item is pointed at by its first key, if it has one: that is the layer's name. */
function startOf(item: Tree): TextRange {
  return item.kind === "map" ? (item.entries[0]?.keyRange ?? item.range) : item.range;
}

/** The tree as plain data. */
export function plainOf(tree: Tree): unknown {
  if (tree.kind === "scalar") return tree.value;
  if (tree.kind === "list") return tree.items.map(plainOf);
  const plain: Record<string, unknown> = {};
  for (const { key, value } of tree.entries) if (!Object.hasOwn(plain, key)) plain[key] = plainOf(value);
  return plain;
}
