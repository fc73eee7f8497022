import { isAlias, isMap, isScalar, isSeq, type Alias, type Node, type Pair, type Scalar } from "yaml";
import type { Diagnostic, TextRange } from "./diagnostic.ts";
import { finding } from "./finding.ts";
import type { TextLines } from "./text-lines.ts";
import type { Entry, MapTree, ScalarTree, Tree } from "./tree.ts";

/** No experiment nests deeper, or has more parts with its aliases written out. */
const deepest = 40;
const largest = 20_000;

export interface BuiltTree {
  readonly tree: Tree;
  readonly diagnostics: readonly Diagnostic[];
}

/** Turns parsed YAML into a tree with places. Never throws; refuses bombs, cycles and keys that are not words. */
export function buildTree(contents: Node | null, lines: TextLines): BuiltTree {
  const diagnostics: Diagnostic[] = [];
  const anchors = new Map<string, Tree | "open">();
  let nodes = 0;
  /** Aliases have made the file too large; from then on they stand for nothing, so that whoever walks the tree comes to an end. */
  let exploded = false;

  const report = (
    code: Parameters<typeof finding>[0],
    range: TextRange,
    message: string,
    severity: "error" | "warning" = "error",
  ): void => {
    diagnostics.push(finding(code, range, message, { severity }));
  };

  const nothing = (range: TextRange): ScalarTree => ({ kind: "scalar", value: null, source: "", range, size: 1 });

  /** `home` is the place to point at when nothing is written. */
  const build = (node: unknown, home: TextRange, depth: number): Tree => {
    nodes += 1;
    if (nodes > largest) {
      if (nodes === largest + 1)
        report("MTL007", home, `The file has more than ${String(largest)} parts; an experiment has a few hundred.`);
      return nothing(home);
    }
    if (depth > deepest) {
      report("MTL007", home, `Nested more than ${String(deepest)} levels deep; an experiment needs fewer than ten.`);
      return nothing(home);
    }
    if (isAlias(node)) return resolved(node, home);
    if (!isScalar(node) && !isMap(node) && !isSeq(node)) return nothing(home);
    const anchor = node.anchor;
    if (anchor !== undefined) anchors.set(anchor, "open");
    const tree = isScalar(node) ? scalar(node, home) : collection(node, home, depth);
    if (anchor !== undefined) anchors.set(anchor, tree);
    return tree;
  };

  const resolved = (alias: Alias, home: TextRange): Tree => {
    const range = placeOf(alias, lines) ?? home;
    const target = anchors.get(alias.source);
    if (target === undefined)
      report("MTL008", range, `\`*${alias.source}\` refers to no \`&${alias.source}\` before it. Write the part out, or add the anchor.`);
    else if (target === "open")
      report("MTL008", range, `\`*${alias.source}\` repeats a part within itself without end. Write the part out.`);
    else if (!exploded) {
      if (nodes + target.size <= largest) {
        nodes += target.size;
        return target.kind === "scalar" ? { ...target, range } : target;
      }
      exploded = true;
      report("MTL008", range, `Aliases repeat parts until the file has more than ${String(largest)} of them. Write the parts out.`);
    }
    return nothing(range);
  };

  const scalar = (node: Scalar, home: TextRange): ScalarTree => {
    const { value } = node;
    const source = node.source ?? "";
    const plain = typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? value : null;
    const written = source !== "" || plain !== null;
    return { kind: "scalar", value: plain, source, range: (written ? placeOf(node, lines) : undefined) ?? home, size: 1 };
  };

  const collection = (node: Node, home: TextRange, depth: number): Tree => {
    const range = placeOf(node, lines) ?? home;
    if (isSeq(node)) {
      const items = node.items.map((item) => build(item, placeOf(item, lines) ?? range, depth + 1));
      return { kind: "list", items, range, size: sizeOf(items) };
    }
    const entries: Entry[] = [];
    const seen = new Set<string>();
    for (const pair of isMap(node) ? node.items : []) {
      const entry = entryFrom(pair, range, depth);
      if (entry === undefined) continue;
      if (seen.has(entry.key)) {
        report("MTL005", entry.keyRange, `\`${entry.key}\` stands twice in this mapping. Delete one of them.`);
        continue;
      }
      seen.add(entry.key);
      entries.push(entry);
    }
    return { kind: "map", entries, range, size: sizeOf(entries.map(({ value }) => value)) } satisfies MapTree;
  };

  const entryFrom = (pair: Pair, home: TextRange, depth: number): Entry | undefined => {
    const keyRange = placeOf(pair.key, lines) ?? home;
    if (!isScalar(pair.key) || pair.key.value === "__proto__") {
      report(
        "MTL009",
        keyRange,
        isScalar(pair.key)
          ? "`__proto__` cannot be a key. Use another name."
          : "A key is a plain word. Put this in quotes, or give it a name.",
      );
      return undefined;
    }
    const key = pair.key.source ?? (typeof pair.key.value === "string" ? pair.key.value : "");
    return { key, keyRange, value: build(pair.value, keyRange, depth + 1) };
  };

  return { tree: build(contents, lines.range(0, 0), 0), diagnostics };
}

function sizeOf(parts: readonly Tree[]): number {
  return parts.reduce((sum, { size }) => sum + size, 1);
}

/** Place of a node; of one that spans lines, its first line. `undefined` for a node without extent. */
function placeOf(node: unknown, lines: TextLines): TextRange | undefined {
  if (!isScalar(node) && !isMap(node) && !isSeq(node) && !isAlias(node)) return undefined;
  const range = node.range;
  if (range === undefined || range === null || range[1] <= range[0]) return undefined;
  const { start, end } = lines.range(range[0], range[1]);
  if (start.line === end.line) return { start, end };
  const width = lines.line(start.line).trimEnd().length;
  return { start, end: { line: start.line, column: Math.max(start.column, width) } };
}
