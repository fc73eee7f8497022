import type { TrainedParameter } from "../trained-parameter.ts";
import { TrainingError } from "../training-error.ts";

/** Which parameters the patterns of a phase mean. Throws `TrainingError` for a pattern that means none. */
export function trainedPart(
  parameters: readonly TrainedParameter[],
  patterns: readonly string[] | undefined,
  phase: string,
): readonly TrainedParameter[] {
  if (patterns === undefined) return parameters;
  const meant = patterns.map((pattern) => parameters.filter((parameter) => means(pattern, parameter)));
  const empty = patterns.find((_, index) => meant[index]?.length === 0);
  if (empty !== undefined) {
    const layers = [...new Set(parameters.map(({ parameter }) => parameter.layer))];
    const message = `The phase ${phase} is to train "${empty}", which is the name of no layer or parameter. The layers with weights are: ${layers.join(", ")}.`;
    throw new TrainingError("experiment", message);
  }
  const all = new Set(meant.flat());
  return parameters.filter((parameter) => all.has(parameter));
}

/** A layer's name, a parameter's, or one of the two words for the network's parts; `*` stands for any text. */
function means(pattern: string, { name, parameter: { layer, declared }, reach }: TrainedParameter): boolean {
  // Of the user's own network it is what the tasks reach that tells.
  const part = declared.part === "undeclared" ? (reach.length > 1 ? "trunk" : "head") : declared.part;
  if ((pattern === "trunk" && part === "trunk") || (pattern === "heads" && part === "head")) return true;
  const expression = new RegExp(`^${pattern.split("*").map(escaped).join(".*")}$`);
  return expression.test(name) || expression.test(layer);
}

function escaped(text: string): string {
  return text.replace(/[.+?^${}()|[\]\\]/g, "\\$&");
}
