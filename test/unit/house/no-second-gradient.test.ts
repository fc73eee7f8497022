import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "../../..");
/** What differentiates in TensorFlow.js, beside our own tape. */
const differentiating = ["grad", "grads", "valueAndGrad", "valueAndGrads", "variableGrads", "minimize", "computeGradients"];

/** Asks a backend for one gradient before anything is trained, to see whether it works. */
const trial = "src/training/backend/try-backend.ts";

/** Identifiers of a file, without its comments and texts. */
function identifiers(file: string): readonly string[] {
  const found: string[] = [];
  const look = (node: ts.Node): void => {
    if (ts.isIdentifier(node)) found.push(node.text);
    node.forEachChild(look);
  };
  look(ts.createSourceFile(file, readFileSync(join(root, file), "utf8"), ts.ScriptTarget.Latest));
  return found;
}

test("no file differentiates but by the tape, so that no gradient's gradient can come about", () => {
  const files = globSync("src/**/*.ts", { cwd: root }).filter((file) => file !== trial);
  expect(files.length).toBeGreaterThan(100);
  const offenders = files.flatMap((file) => {
    const used = identifiers(file).filter((name) => differentiating.includes(name));
    return used.length === 0 ? [] : [`${file}: ${[...new Set(used)].join(", ")}`];
  });
  expect(offenders).toEqual([]);
});
