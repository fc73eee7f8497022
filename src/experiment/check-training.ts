import type { Diagnostic } from "./diagnostic.ts";
import { finding } from "./finding.ts";
import { scheduleShapes } from "./schedule-schema.ts";
import { trainingSchema } from "./schema.ts";
import { entriesOf, entryOf, valueOf, type Entry, type Tree } from "./tree.ts";

const defaultEpochs = trainingSchema.parse({}).epochs;

/** Settings of optimizer and training that are right each by itself and do not go together. */
export function* checkTraining(root: Tree): Generator<Diagnostic> {
  yield* checkNesterov(valueOf(root, "optimizer"));
  const training = valueOf(root, "training");
  const schedule = entryOf(training, "schedule");
  if (schedule !== undefined) yield* checkSchedule(schedule, numberOf(valueOf(training, "epochs")) ?? defaultEpochs);
}

function* checkNesterov(optimizer: Tree | undefined): Generator<Diagnostic> {
  const sgd = valueOf(optimizer, "sgd");
  const nesterov = entryOf(sgd, "nesterov");
  const momentum = valueOf(sgd, "momentum");
  const without = momentum === undefined || (momentum.kind === "scalar" && momentum.value === 0);
  if (nesterov?.value.kind !== "scalar" || nesterov.value.value !== true || !without) return;
  yield finding(
    "MTL230",
    nesterov.keyRange,
    "`nesterov` looks ahead along the momentum, and there is none. Add `momentum: 0.9`, or delete it.",
  );
}

function* checkSchedule({ value }: Entry, epochs: number): Generator<Diagnostic> {
  const given = entriesOf(value).filter(({ key }) => scheduleShapes.includes(key));
  const [first, ...more] = given;
  for (const { keyRange } of more) {
    yield finding("MTL231", keyRange, `A schedule has one shape, and \`${first?.key ?? ""}\` stands there already. Delete one of them.`);
  }
  const warmup = entryOf(value, "warmup");
  if (warmup?.value.kind !== "map") return;
  const [inEpochs, inSteps] = [entryOf(warmup.value, "epochs"), entryOf(warmup.value, "steps")];
  if (inEpochs === undefined && inSteps === undefined) {
    yield finding("MTL232", warmup.keyRange, "The warm-up has no length. Give it `epochs` or `steps`, e.g. `{epochs: 1}`.");
  }
  if (inEpochs !== undefined && inSteps !== undefined) {
    yield finding("MTL232", inSteps.keyRange, "The warm-up's length is given in epochs and in steps. Delete one of them.");
  }
  const length = numberOf(inEpochs?.value);
  if (inEpochs !== undefined && length !== undefined && length >= epochs) {
    const message = `The warm-up takes ${String(length)} of ${String(epochs)} epochs, so the learning rate never gets to its height. Shorten it, or train longer.`;
    yield finding("MTL233", inEpochs.value.range, message, { severity: "warning" });
  }
}

function numberOf(tree: Tree | undefined): number | undefined {
  return tree?.kind === "scalar" && typeof tree.value === "number" ? tree.value : undefined;
}
