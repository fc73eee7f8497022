import type { z } from "zod";
import { checkValue } from "./check-value.ts";
import type { Diagnostic, TextRange } from "./diagnostic.ts";
import { finding, listed } from "./finding.ts";
import { moduleModelSchema } from "./module-forms.ts";
import { layeredModelSchema } from "./schema.ts";
import { nearest } from "./suggestion.ts";
import { entryOf, find, type MapTree, type Path, type Tree } from "./tree.ts";

/** Checks `model` but for the layers in it: a trunk and heads, or a module of the user's own. */
export function* checkModel(root: Tree): Generator<Diagnostic> {
  const entry = entryOf(root, "model");
  if (entry === undefined) {
    yield finding("MTL102", find(root, []).keyRange, "The key `model` is missing. Add it.");
    return;
  }
  const { value, keyRange } = entry;
  if (value.kind === "map" && meansModule(value)) {
    yield* checkModuleForm(value, keyRange, "model", moduleModelSchema, ["trunk", "heads", "inputs"]);
    return;
  }
  const isInLayer = ([part, ...rest]: Path): boolean => rest.length >= (part === "trunk" ? 1 : 2);
  yield* checkValue(value, layeredModelSchema, {
    unknownKey: "MTL101",
    keyWord: "key",
    where: (path) => ` in \`${["model", ...path].join(".")}\``,
    keys: (path) => (path.length === 0 ? [...Object.keys(layeredModelSchema.shape), "module"] : []),
    leaveOut: isInLayer,
    home: keyRange,
  });
}

/** A misspelt `module` alone is meant as one. */
function meansModule(model: MapTree): boolean {
  if (entryOf(model, "module") !== undefined) return true;
  return (
    entryOf(model, "trunk") === undefined &&
    model.entries.some(({ key }) => nearest(key, ["trunk", "heads", "inputs", "module"]) === "module")
  );
}

/** Checks a part that names the user's own code; `others` are the keys of the other forms, which cannot stand beside it. */
export function* checkModuleForm(
  value: MapTree,
  home: TextRange,
  part: "data" | "model",
  schema: z.ZodObject,
  others: readonly string[],
): Generator<Diagnostic> {
  const beside = others.flatMap((key) => entryOf(value, key) ?? []);
  const [first] = beside;
  if (first !== undefined) {
    const keys = listed(["`module`", `\`${first.key}\``], "or");
    yield finding("MTL101", first.keyRange, `\`${part}\` takes ${keys}, not both. Delete one of them.`);
    return;
  }
  yield* checkValue(value, schema, {
    unknownKey: "MTL101",
    keyWord: "key",
    where: (path) => ` in \`${[part, ...path].join(".")}\``,
    keys: (path) => (path.length === 0 ? Object.keys(schema.shape) : []),
    home,
  });
}
