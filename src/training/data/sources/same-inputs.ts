import type { DataProblem } from "../data-error.ts";
import type { InputSpec } from "../dataset.ts";

/** What a source gives to the network. */
export interface SourceInputs {
  readonly name: string;
  readonly inputs: readonly InputSpec[];
}

/**
 * The first difference between the inputs of several sources, told at the source that differs from the first. `fitTogether` says whether they
 * are made of the same parts, as `sharedMeasures` tells.
 */
export function differentInputs([first, ...others]: readonly SourceInputs[], fitTogether: boolean): DataProblem | undefined {
  for (const other of others) {
    const difference = first === undefined ? undefined : differenceOf(first, other);
    if (difference === undefined) continue;
    return { code: "MTL370", path: ["data", "sources", other.name, "inputs"], message: difference };
  }
  if (fitTogether || others.length === 0) return undefined;
  const message =
    "The sources make their inputs of other parts, so that these cannot be fitted together. Let all sources list the same columns, or the same arrays.";
  return { code: "MTL370", path: ["data", "sources"], message };
}

function differenceOf(first: SourceInputs, other: SourceInputs): string | undefined {
  const [names, otherNames] = [first, other].map(({ inputs }) => inputs.map(({ name }) => name));
  if (listOf(names) !== listOf(otherNames)) {
    return (
      `The source "${first.name}" has the inputs ${listOf(names)}, and "${other.name}" has ${listOf(otherNames)}. ` +
      `All sources feed one network: give them the same inputs, in the same order.`
    );
  }
  for (const [index, input] of first.inputs.entries()) {
    const difference = differenceIn(first.name, input, other.name, other.inputs[index] ?? input);
    if (difference !== undefined) return difference;
  }
  return undefined;
}

function differenceIn(firstSource: string, first: InputSpec, otherSource: string, other: InputSpec): string | undefined {
  const position = first.features.findIndex((feature, index) => feature !== other.features[index]);
  const [feature, otherFeature] = [first.features[position], other.features[position]];
  if (feature !== undefined && otherFeature !== undefined) {
    return (
      `Feature ${position + 1} of the input "${first.name}" is "${feature}" in the source "${firstSource}", and "${otherFeature}" in "${otherSource}". ` +
      `List the same columns in the same order.`
    );
  }
  const [firstWords, otherWords] = [formOf(first), formOf(other)];
  if (firstWords === otherWords) return undefined;
  return (
    `The input "${first.name}" is ${firstWords} in the source "${firstSource}", and ${otherWords} in "${otherSource}". ` +
    `All sources feed one network: give them inputs of the same shape.`
  );
}

function formOf({ shape, embeddings = [] }: InputSpec): string {
  const vectors = embeddings.map(({ name, rows, size }) => `${rows} vectors of ${size} numbers for "${name}"`);
  return [`[${shape.join(", ")}]`, ...vectors].join(" with ");
}

function listOf(names: readonly string[] = []): string {
  return names.map((name) => `"${name}"`).join(", ");
}
