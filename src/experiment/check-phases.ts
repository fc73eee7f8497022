import { findBalancer } from "../balancers/catalogue.ts";
import { checkNesterov, checkSchedule, checkWatched, numberOf } from "./check-training.ts";
import type { Diagnostic } from "./diagnostic.ts";
import { finding } from "./finding.ts";
import { phasesOf } from "./phase-paths.ts";
import { trainingSchema } from "./schema.ts";
import { entriesOf, entryOf, plainOf, textOf, valueOf, type Entry, type Tree } from "./tree.ts";

const defaultEpochs = trainingSchema.parse({}).epochs;

/** Phases of a training: each by itself, and how they follow each other. */
export function* checkPhases(root: Tree): Generator<Diagnostic> {
  const phases = phasesOf(root);
  const names = new Set<string>();
  for (const [index, phase] of phases.entries()) {
    const name = entryOf(phase, "name");
    const text = textOf(name?.value);
    if (name !== undefined && text !== undefined && names.has(text)) {
      yield finding("MTL239", name.value.range, `Another phase is named \`${text}\` already. Give this one another name.`);
    }
    if (text !== undefined) names.add(text);
    yield* checkPhase(phase, root);
    yield* checkEnd(phase, index + 1 === phases.length);
  }
  yield* checkLengths(phases, epochsOf(root));
}

function* checkPhase(phase: Tree, root: Tree): Generator<Diagnostic> {
  const until = valueOf(phase, "until");
  const optimizer = valueOf(phase, "optimizer");
  yield* checkNesterov(optimizer);
  const schedule = entryOf(phase, "schedule");
  if (schedule !== undefined) yield* checkSchedule(schedule, numberOf(valueOf(until, "epochs")) ?? epochsOf(root));
  yield* checkWatched(valueOf(valueOf(until, "plateau"), "metric"), entriesOf(valueOf(root, "tasks")));
  const rate = entryOf(phase, "learningRate");
  const ofOptimizer = entriesOf(optimizer).flatMap(({ value }) => entryOf(value, "learningRate") ?? []);
  if (rate !== undefined && ofOptimizer.length > 0) {
    yield finding("MTL238", rate.keyRange, "The optimizer of this phase has a learning rate already. Delete one of them.");
  }
  const balancer = entryOf(phase, "balancer");
  if (balancer !== undefined) yield* checkDropout(balancer, valueOf(root, "balancer"));
}

/** Dropout is a part of the network, which is built once. */
function* checkDropout(own: Entry, ofAll: Tree | undefined): Generator<Diagnostic> {
  const dropout = dropoutOf(own.value);
  if (dropout === 0 || dropout === dropoutOf(ofAll)) return;
  const message = `The dropout of ${String(dropout)} that this method brings with it is a part of the network, which stays the same in all phases. Name the method under \`balancer\` of the experiment, or set its dropout to 0.`;
  yield finding("MTL243", own.keyRange, message);
}

function dropoutOf(entry: Tree | undefined): number {
  const balancer = findBalancer(textOf(valueOf(entry, "method") ?? entry) ?? "");
  const options = Object.fromEntries(entriesOf(entry).flatMap(({ key, value }) => (key === "method" ? [] : [[key, plainOf(value)]])));
  // Options that are wrong in themselves are reported already.
  return balancer?.options.safeParse(options).success === true ? balancer.regularisation(options).dropout : 0;
}

function* checkEnd(phase: Tree, isLast: boolean): Generator<Diagnostic> {
  const until = entryOf(phase, "until");
  const isEmpty = until?.value.kind === "map" && until.value.entries.length === 0;
  if (isEmpty || (until === undefined && !isLast)) {
    const range = until?.keyRange ?? entriesOf(phase)[0]?.keyRange ?? phase.range;
    yield finding("MTL236", range, "This phase never ends. Give it `until: {epochs: …}`, `{steps: …}`, or `plateau`.");
  }
}

/**
 * Phases that never begin, or end too early. Where a plateau may end one, or its steps cannot be told in epochs, nothing is known of those
 * after it.
 */
export function* checkLengths(phases: readonly Tree[], epochs: number, stepsPerEpoch?: number): Generator<Diagnostic> {
  let begins = 0;
  for (const [index, phase] of phases.entries()) {
    const name = entryOf(phase, "name");
    const range = name?.value.range ?? phase.range;
    if (begins >= epochs) {
      const message = `This phase never begins: those before it take all ${String(epochs)} epochs of the training. Shorten them, or train longer.`;
      yield finding("MTL237", range, message);
      return;
    }
    const length = lengthOf(valueOf(phase, "until"), stepsPerEpoch);
    if (length === undefined) return;
    begins += length;
    const isLast = index + 1 === phases.length;
    if (!isLast || begins === epochs) continue;
    const what =
      begins > epochs
        ? `would take ${told(begins)} epochs, and the training has ${told(epochs)}`
        : `end after ${told(begins)} of ${told(epochs)} epochs`;
    yield finding("MTL237", range, `The phases ${what}. Leave out \`until\` of the last one, or change \`training.epochs\`.`, {
      severity: "warning",
    });
  }
}

/** In epochs; undefined where it cannot be told. */
function lengthOf(until: Tree | undefined, stepsPerEpoch: number | undefined): number | undefined {
  if (until?.kind !== "map" || entryOf(until, "plateau") !== undefined) return undefined;
  const [epochs, steps] = [numberOf(valueOf(until, "epochs")), numberOf(valueOf(until, "steps"))];
  if (steps === undefined) return epochs;
  return stepsPerEpoch === undefined ? undefined : Math.min(epochs ?? Infinity, steps / stepsPerEpoch);
}

function told(epochs: number): string {
  return String(Number(epochs.toPrecision(3)));
}

function epochsOf(root: Tree): number {
  return numberOf(valueOf(valueOf(root, "training"), "epochs")) ?? defaultEpochs;
}
