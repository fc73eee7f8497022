import { checkValue } from "./check-value.ts";
import type { Diagnostic } from "./diagnostic.ts";
import { experimentSchema, modelSchema, taskSchema, trackSchema, trainingSchema } from "./schema.ts";
import type { Path, Tree } from "./tree.ts";

/** Checks the file against the schema, but for the parts that `checkParts` describes better. */
export function checkTop(root: Tree): readonly Diagnostic[] {
  return checkValue(root, experimentSchema, {
    unknownKey: "MTL101",
    keyWord: "key",
    where: (path) => (path.length === 0 ? "" : ` in \`${path.join(".")}\``),
    keys: keysAt,
    leaveOut: isChecked,
  });
}

/** Whether a path lies in a part with checks of its own. */
function isChecked(path: Path): boolean {
  const [section, part, ...rest] = path;
  if (section === "model") return (part === "trunk" && rest.length >= 1) || (part === "heads" && rest.length >= 2);
  return section === "balancer" || section === "optimizer" || section === "data";
}

function keysAt([section, name]: Path): readonly string[] {
  if (section === undefined) return Object.keys(experimentSchema.shape);
  if (section === "tasks" && name !== undefined) return Object.keys(taskSchema.shape);
  const sections: Readonly<Record<string, { readonly shape: object }>> = {
    model: modelSchema,
    training: trainingSchema,
    track: trackSchema,
  };
  return Object.keys(sections[String(section)]?.shape ?? {});
}
