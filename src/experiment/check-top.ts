import { checkValue } from "./check-value.ts";
import type { Diagnostic } from "./diagnostic.ts";
import { insidePhase } from "./phase-paths.ts";
import { experimentSchema } from "./schema.ts";
import { shapesAt } from "./shape.ts";
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
  const [section, , part] = insidePhase(path);
  if (section === "tasks") return part === "loss";
  return section === "balancer" || section === "optimizer" || section === "data" || section === "model";
}

function keysAt(path: Path): readonly string[] {
  return [...new Set(shapesAt(path, undefined).flatMap(({ properties = {} }) => Object.keys(properties)))];
}
