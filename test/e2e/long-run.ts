import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

const examples = join(import.meta.dirname, "../../examples");

/** The experiment of `examplesForLong` that trains for as long as anyone may look at it. */
export const longExperiment = "multi-mnist.mtl.yaml";

/** Fills a folder with the examples; the digits train for as long as a test may need them to. */
export async function examplesForLong(folder: string): Promise<void> {
  await cp(examples, folder, { recursive: true, filter: (path) => !path.includes(".taskscope") });
  const file = join(folder, longExperiment);
  const text = await readFile(file, "utf8");
  await writeFile(file, text.replace(/epochs: \d+/, "epochs: 500"));
}
