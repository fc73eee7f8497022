import { z } from "zod";
import { findBalancer } from "../../balancers/catalogue.ts";
import { accumulatedBatches } from "../check-gradients.ts";
import { checkValue, type Subject } from "../check-value.ts";
import type { Diagnostic } from "../diagnostic.ts";
import { finding, listed, respell, someOf } from "../finding.ts";
import { nearest } from "../suggestion.ts";
import { entriesOf, entryOf, itemsOf, textOf, valueOf, type Entry, type MapTree, type Tree } from "../tree.ts";
import { dataParts } from "./data-parts.ts";
import { sourcesDataSchema, sourceTasks } from "./source-data.ts";
import { scheduleKeys } from "./source-schedule.ts";

/** Checks a single form of data that stands at a place such as `data.sources.<name>`. */
type CheckForm = (entry: Entry, place: readonly string[]) => Iterable<Diagnostic>;

/** The sources' own forms are checked one by one. */
const aroundSources = sourcesDataSchema(z.unknown());

/** Checks `data` with several sources: each by itself, and what they say of the tasks together. */
export function* checkSources(root: Tree, checkForm: CheckForm): Generator<Diagnostic> {
  const data = entryOf(root, "data");
  if (data?.value.kind !== "map") return;
  const schedule = entryOf(data.value, "schedule");
  yield* checkValue(data.value, aroundSources, {
    ...subjectAt(["data"]),
    keys: (path) =>
      path.length === 0 ? Object.keys(aroundSources.shape) : path[0] === "schedule" ? scheduleKeys(batchesOf(schedule?.value)) : [],
    home: data.keyRange,
  });
  const sources = entryOf(data.value, "sources");
  if (sources?.value.kind !== "map") return;
  if (sources.value.entries.length === 0) {
    yield finding("MTL104", sources.keyRange, "`data.sources` is empty. Name a source, with where its rows come from and its tasks.");
    return;
  }
  for (const source of sources.value.entries) yield* checkSource(source, checkForm);
  yield* checkTasks(root, sources);
  yield* checkTemperature(schedule?.value);
  yield* checkShares(entryOf(schedule?.value, "shares"), sources);
  yield* checkTurns(root, schedule);
}

function* checkSource(source: Entry, checkForm: CheckForm): Generator<Diagnostic> {
  const place = ["data", "sources", source.key];
  const { value } = source;
  if (value.kind !== "map") {
    yield* checkForm(source, place);
    return;
  }
  const module = entryOf(value, "module");
  if (module !== undefined) {
    const message = "A module of your own cannot be one of several sources. Name it under `data` and let it give the rows of all tasks.";
    yield finding("MTL101", module.keyRange, message);
    return;
  }
  const misspelt =
    entryOf(value, "tasks") === undefined ? value.entries.find(({ key }) => nearest(key, ["tasks"]) !== undefined) : undefined;
  const tasks = misspelt ?? entryOf(value, "tasks");
  if (misspelt === undefined) {
    yield* checkValue(only(value, tasks), z.strictObject(sourceTasks), { ...subjectAt(place), keys: () => [], home: source.keyRange });
  } else {
    const message = `There is no key \`${misspelt.key}\` in \`${place.join(".")}\`. Did you mean \`tasks\`?`;
    yield finding("MTL101", misspelt.keyRange, message, { fixes: [respell(misspelt.keyRange, "tasks")] });
  }
  yield* checkForm({ ...source, value: { ...value, entries: value.entries.filter((entry) => entry !== tasks) } }, place);
}

function only(tree: MapTree, entry: Entry | undefined): MapTree {
  return { ...tree, entries: entry === undefined ? [] : [entry] };
}

function subjectAt(place: readonly string[]): Pick<Subject, "unknownKey" | "keyWord" | "where"> {
  return { unknownKey: "MTL101", keyWord: "key", where: (path) => ` in \`${[...place, ...path].join(".")}\`` };
}

/** Every task is learnt from one source. */
function* checkTasks(root: Tree, sources: Entry): Generator<Diagnostic> {
  const tasks = entriesOf(valueOf(root, "tasks"));
  if (tasks.length === 0) return;
  const names = tasks.map(({ key }) => key);
  const owners = new Map<string, string>();
  const given = entriesOf(sources.value).map(({ key, value }) => ({ source: key, items: itemsOf(valueOf(value, "tasks")) }));
  const mentioned = new Set(given.flatMap(({ items }) => items.map(textOf)));
  for (const { source, items } of given) {
    for (const item of items) {
      const task = textOf(item);
      if (task === undefined) continue;
      const owner = owners.get(task);
      if (!names.includes(task)) yield unknownTask(task, item, names, mentioned);
      else if (owner === source)
        yield finding("MTL212", item.range, `The task \`${task}\` is listed twice. Delete one.`, { severity: "warning" });
      else if (owner !== undefined) {
        const message = `The task \`${task}\` is learnt from the source \`${owner}\` already. Give each task one source, or join the two files.`;
        yield finding("MTL261", item.range, message);
      } else owners.set(task, source);
    }
  }
  // A task that is misspelt in its source is told once.
  const isMeant = (task: string): boolean => [...mentioned].some((other) => other !== undefined && nearest(other, names) === task);
  for (const { key, keyRange } of tasks) {
    if (owners.has(key) || isMeant(key)) continue;
    yield finding("MTL262", keyRange, `The task \`${key}\` is in no source. Add it to the \`tasks\` of the source that has its labels.`);
  }
}

function unknownTask(task: string, { range }: Tree, names: readonly string[], mentioned: ReadonlySet<string | undefined>): Diagnostic {
  const meant = nearest(
    task,
    names.filter((name) => !mentioned.has(name)),
  );
  const advice = meant === undefined ? `The tasks are ${someOf(names)}.` : `Did you mean \`${meant}\`?`;
  return finding("MTL260", range, `There is no task \`${task}\`. ${advice}`, { fixes: meant === undefined ? [] : [respell(range, meant)] });
}

function* checkTemperature(schedule: Tree | undefined): Generator<Diagnostic> {
  const temperature = entryOf(schedule, "temperature");
  if (temperature === undefined || textOf(valueOf(schedule, "shares")) === "root") return;
  const message =
    "`temperature` is the root that `shares: root` takes, and does nothing with other shares. Add `shares: root`, or delete it.";
  yield finding("MTL263", temperature.keyRange, message, { severity: "warning" });
}

/** Where each source has a share by name: each of them, and no other. */
function* checkShares(shares: Entry | undefined, sources: Entry): Generator<Diagnostic> {
  if (shares?.value.kind !== "map") return;
  const names = entriesOf(sources.value).map(({ key }) => key);
  const given = shares.value.entries;
  const lacking = names.filter((name) => given.every(({ key }) => key !== name));
  const meantNames = new Set<string>();
  for (const { key, keyRange } of given) {
    if (names.includes(key)) continue;
    const meant = nearest(key, lacking);
    if (meant !== undefined) meantNames.add(meant);
    const advice = meant === undefined ? `The sources are ${someOf(names)}.` : `Did you mean \`${meant}\`?`;
    const fixes = meant === undefined ? [] : [respell(keyRange, meant)];
    yield finding("MTL265", keyRange, `There is no source \`${key}\`. ${advice}`, { fixes });
  }
  // One that is misspelt is told once.
  const missing = lacking.filter((name) => !meantNames.has(name));
  if (missing.length === 0) return;
  const which = listed(
    missing.map((name) => `\`${name}\``),
    "and",
  );
  yield finding("MTL265", shares.keyRange, `\`shares\` says nothing of ${which}. Give each source a share.`);
}

/** `mixed` or `alternate`, with options or without. */
function batchesOf(schedule: Tree | undefined): string | undefined {
  return textOf(valueOf(schedule, "batches") ?? schedule);
}

/** Turns of sources of one task each leave nothing to compare. */
function* checkTurns(root: Tree, schedule: Entry | undefined): Generator<Diagnostic> {
  const takesTurns = batchesOf(schedule?.value) === "alternate";
  const parts = dataParts(root);
  if (schedule === undefined || !takesTurns || parts.length < 2 || parts.some(({ tasks }) => tasks.length > 1)) return;
  const balancer = valueOf(root, "balancer");
  const method = balancer === undefined ? undefined : findBalancer(textOf(valueOf(balancer, "method") ?? balancer) ?? "");
  // Where a step has several batches, they are of several sources.
  if (accumulatedBatches(root) > 1) return;
  if (method === undefined || method.needs === "losses" || method.action === "replace-update" || method.action === "alternate") return;
  const message = `Each batch has labels for one task alone, so \`${method.id}\` has no gradients of two tasks to compare. Use \`schedule: mixed\`, or \`training.accumulate: ${String(parts.length)}\`.`;
  yield finding("MTL264", schedule.keyRange, message, { severity: "warning" });
}
