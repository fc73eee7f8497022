import { metricsIn } from "./check-task.ts";
import type { Diagnostic } from "./diagnostic.ts";
import { finding, respell, someOf } from "./finding.ts";
import { scheduleShapes } from "./schedule-schema.ts";
import { trainingSchema } from "./schema.ts";
import { nearest } from "./suggestion.ts";
import { taskKindNames, taskKinds } from "./task-kinds.ts";
import { entriesOf, entryOf, textOf, valueOf, type Entry, type Tree } from "./tree.ts";

const defaultEpochs = trainingSchema.parse({}).epochs;

/** Settings of optimizer and training that are right each by itself and do not go together. */
export function* checkTraining(root: Tree): Generator<Diagnostic> {
  yield* checkNesterov(valueOf(root, "optimizer"));
  const training = valueOf(root, "training");
  yield* checkThreads(training);
  const schedule = entryOf(training, "schedule");
  yield* checkEarlyStopping(
    valueOf(training, "earlyStopping"),
    entriesOf(valueOf(root, "tasks")),
    numberOf(valueOf(training, "epochs")) ?? defaultEpochs,
  );
  if (schedule !== undefined) yield* checkSchedule(schedule, numberOf(valueOf(training, "epochs")) ?? defaultEpochs);
}

export function* checkNesterov(optimizer: Tree | undefined): Generator<Diagnostic> {
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

function* checkThreads(training: Tree | undefined): Generator<Diagnostic> {
  const threads = entryOf(training, "threads");
  const backend = textOf(valueOf(training, "backend")) ?? "wasm";
  if (threads === undefined || backend !== "wasm" || (numberOf(threads.value) ?? 1) <= 1) return;
  const message = "`threads` is for the native backend, and wasm computes on one. Add `backend: native` or `backend: auto`, or delete it.";
  yield finding("MTL242", threads.keyRange, message, { severity: "warning" });
}

export function* checkSchedule({ value }: Entry, epochs: number): Generator<Diagnostic> {
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

function* checkEarlyStopping(rule: Tree | undefined, tasks: readonly Entry[], epochs: number): Generator<Diagnostic> {
  yield* checkWatched(valueOf(rule, "metric"), tasks);
  const patience = entryOf(rule, "patience");
  const waited = numberOf(patience?.value);
  if (patience === undefined || waited === undefined || waited < epochs) return;
  const message = `A patience of ${String(waited)} is as long as the training of ${String(epochs)} epochs, so it never ends early. Make it smaller, or train longer.`;
  yield finding("MTL235", patience.value.range, message, { severity: "warning" });
}

/** A task and one of its metrics, or its loss. */
export function* checkWatched(metric: Tree | undefined, tasks: readonly Entry[]): Generator<Diagnostic> {
  const text = textOf(metric);
  if (metric === undefined || text === undefined || !text.includes("/") || tasks.length === 0) return;
  const [id = "", name = ""] = text.split("/");
  const task = tasks.find(({ key }) => key === id);
  if (task === undefined) {
    const meant = nearest(
      id,
      tasks.map(({ key }) => key),
    );
    const advice = meant === undefined ? `The tasks are ${someOf(tasks.map(({ key }) => key))}.` : `Did you mean \`${meant}/${name}\`?`;
    const fixes = meant === undefined ? [] : [respell(metric.range, `${meant}/${name}`)];
    yield finding("MTL234", metric.range, `There is no task \`${id}\` to watch. ${advice}`, { fixes });
    return;
  }
  const names = recordedOf(task.value);
  if (names === undefined || names.includes(name)) return;
  const meant = nearest(name, names);
  const advice = meant === undefined ? `It has ${someOf(names)}.` : `Did you mean \`${id}/${meant}\`?`;
  const fixes = meant === undefined ? [] : [respell(metric.range, `${id}/${meant}`)];
  yield finding("MTL234", metric.range, `The task \`${id}\` has no metric \`${name}\`. ${advice}`, { fixes });
}

/** Names of what is recorded of a task; undefined where its kind is not known. */
function recordedOf(task: Tree): readonly string[] | undefined {
  const given = valueOf(task, "metrics");
  const kind = taskKindNames.find((each) => each === textOf(valueOf(task, "kind")));
  if (given !== undefined) return [...metricsIn(given), "loss"];
  return kind === undefined ? undefined : [...taskKinds[kind].defaults, "loss"];
}

export function numberOf(tree: Tree | undefined): number | undefined {
  return tree?.kind === "scalar" && typeof tree.value === "number" ? tree.value : undefined;
}
