import type { Remark } from "../balancers/balancer.ts";
import { findBalancer } from "../balancers/catalogue.ts";
import type { Diagnostic, TextRange } from "./diagnostic.ts";
import { finding, listed } from "./finding.ts";
import { optimizerOptions } from "./optimizer-schema.ts";
import { phasesOf } from "./phase-paths.ts";
import { trainingSchema } from "./schema.ts";
import { entriesOf, entryOf, plainOf, textOf, valueOf, type Entry, type Tree } from "./tree.ts";

const defaultEpochs = trainingSchema.parse({}).epochs;

/** Whether balancer, optimizer, tasks and length of the training go together: of the experiment, and of each phase that has its own. */
export function* checkBalancing(root: Tree): Generator<Diagnostic> {
  const [balancer, optimizer] = [entryOf(root, "balancer"), entryOf(root, "optimizer")];
  if (balancer !== undefined && optimizer !== undefined) yield* checkOptimizer(balancer, optimizer);
  if (balancer !== undefined) yield* checkTasks(balancer, root);
  for (const phase of phasesOf(root)) {
    const [ownBalancer, ownOptimizer] = [entryOf(phase, "balancer"), entryOf(phase, "optimizer")];
    if (ownBalancer !== undefined) yield* checkTasks(ownBalancer, root);
    const [method, moves] = [ownBalancer ?? balancer, ownOptimizer ?? optimizer];
    if (method === undefined || moves === undefined || (ownBalancer ?? ownOptimizer) === undefined) continue;
    yield* checkOptimizer(method, moves, ownOptimizer === undefined ? ownBalancer : undefined);
  }
}

/** `at`: where to point, if not at the optimizer. */
function* checkOptimizer({ value: balancer }: Entry, { value: optimizer }: Entry, at?: Entry): Generator<Diagnostic> {
  const method = textOf(valueOf(balancer, "method") ?? balancer);
  const supported: readonly string[] | undefined = method === undefined ? undefined : findBalancer(method)?.optimizers;
  const inner = entriesOf(optimizer)[0];
  const name = textOf(optimizer) ?? inner?.key;
  if (method === undefined || supported === undefined || name === undefined) return;
  if (supported.includes(name) || !Object.hasOwn(optimizerOptions, name)) return;
  const range = at?.keyRange ?? inner?.keyRange ?? optimizer.range;
  const fixes =
    inner === undefined && at === undefined
      ? supported.map((to, i) => ({ title: `Change to ${to}`, range, replacement: to, preferred: i === 0 }))
      : [];
  yield finding("MTL208", range, `The balancer \`${method}\` does not work with \`${name}\`. Use ${listed(supported, "or")}.`, { fixes });
}

/** Options that name or count the tasks, and schedules that are longer than the training. */
function* checkTasks(entry: Entry, root: Tree): Generator<Diagnostic> {
  const names = entriesOf(valueOf(root, "tasks")).map(({ key }) => key);
  if (names.length === 0) return;
  const balancer = findBalancer(textOf(valueOf(entry.value, "method") ?? entry.value) ?? "");
  const options = Object.fromEntries(entriesOf(entry.value).flatMap(({ key, value }) => (key === "method" ? [] : [[key, plainOf(value)]])));
  // Options that are wrong in themselves are reported already.
  if (balancer?.options.safeParse(options).success !== true) return;
  const placeOf = ({ option }: Remark): TextRange => entryOf(entry.value, option)?.value.range ?? entry.keyRange;
  const objection = balancer.objection(options, names);
  if (objection !== undefined) {
    yield finding("MTL217", placeOf(objection), `\`${objection.option}\` of \`${balancer.id}\`: ${objection.message}`);
    return;
  }
  const epochs = valueOf(valueOf(root, "training"), "epochs");
  const count = epochs === undefined ? defaultEpochs : epochs.kind === "scalar" ? epochs.value : undefined;
  if (typeof count !== "number") return;
  const advice = balancer.advice(options, { tasks: names.length, epochs: count });
  if (advice !== undefined) yield finding("MTL218", placeOf(advice), `\`${balancer.id}\`: ${advice.message}`, { severity: "warning" });
}
