import { checkLengths } from "./check-phases.ts";
import type { Diagnostic } from "./diagnostic.ts";
import type { ExperimentFacts, LayerFacts } from "./facts.ts";
import { finding, respell, someOf } from "./finding.ts";
import { phasesOf } from "./phase-paths.ts";
import type { Experiment } from "./schema.ts";
import { nearest } from "./suggestion.ts";
import { entryOf, itemsOf, textOf, valueOf, type Tree } from "./tree.ts";

/** What only data and model can tell of phases: whether there is what they train, and how long their steps take. */
export function* checkPhaseFacts(experiment: Experiment, { data, model }: ExperimentFacts, root: Tree): Generator<Diagnostic> {
  const phases = phasesOf(root);
  if (model.problems.length === 0 && model.layers.length > 0) {
    for (const phase of phases) for (const item of itemsOf(valueOf(phase, "train"))) yield* checkTrained(item, model.layers);
  }
  const rows = data.rows?.train;
  const inSteps = phases.some((phase) => entryOf(valueOf(phase, "until"), "steps") !== undefined);
  if (rows === undefined || rows === 0 || !inSteps) return;
  const { batchSize, accumulate, epochs } = experiment.training;
  yield* checkLengths(phases, epochs, Math.ceil(Math.ceil(rows / batchSize) / accumulate));
}

function* checkTrained(item: Tree, layers: readonly LayerFacts[]): Generator<Diagnostic> {
  const pattern = textOf(item);
  if (pattern === undefined || pattern === "trunk" || pattern === "heads") return;
  const own = layers.filter(({ weights }) => weights.length > 0);
  const names = own.flatMap(({ name, weights }) => [name, ...weights.map((weight) => `${name}.${weight}`)]);
  const expression = new RegExp(
    `^${pattern
      .split("*")
      .map((text) => text.replace(/[.+?^${}()|[\]\\]/g, "\\$&"))
      .join(".*")}$`,
  );
  if (names.some((name) => expression.test(name))) return;
  const meant = nearest(pattern, ["trunk", "heads", ...names]);
  const advice = meant === undefined ? `Layers with weights are ${someOf(own.map(({ name }) => name))}.` : `Did you mean \`${meant}\`?`;
  yield finding("MTL410", item.range, `\`${pattern}\` is no layer or parameter of the network that trains. ${advice}`, {
    fixes: meant === undefined ? [] : [respell(item.range, meant)],
  });
}
