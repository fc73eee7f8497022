import { optionsShape } from "./json-schema.ts";
import { lossFacts, lossNames, lossOptions } from "./losses.ts";
import { metricFacts, metricNames } from "./metrics.ts";
import { keysMarkdown } from "./shape.ts";
import { labelKeys, taskKindNames, taskKinds, type TaskKindFacts } from "./task-kinds.ts";
import { find, textOf, valueOf, type Path, type Tree } from "./tree.ts";

/** What is to be said about a word that stands at `tasks.<task>.kind`, `.loss` or `.metrics`; undefined for any other. */
export function taskWord(path: Path, word: string): string | undefined {
  const [section, , key] = path;
  if (section !== "tasks") return undefined;
  if (key === "kind") return kindWords(word);
  if (key === "loss") return lossWords(word);
  return key === "metrics" ? metricWords(word) : undefined;
}

/** Whether a word fits the kind that the task has: a loss, a metric, or a key that tells of labels. Any does before there is one. */
export function fitsTask(path: Path, word: string, tree: Tree): boolean {
  const [section, task, key] = path;
  if (section !== "tasks" || task === undefined) return true;
  const kind = taskKindNames.find((each) => each === textOf(valueOf(find(tree, ["tasks", task]).tree, "kind")));
  return kind === undefined || fits(taskKinds[kind], key, word);
}

function fits({ losses, metrics, top, keys }: TaskKindFacts, key: PropertyKey | undefined, word: string): boolean {
  const isOf = (names: readonly string[]): boolean => names.includes(word);
  if (key === "loss") return !isOf(lossNames) || isOf(losses);
  if (key === "metrics") return word === "top" ? top === true : !isOf(metricNames) || isOf(metrics);
  return key !== undefined || !isOf(labelKeys) || isOf(keys);
}

function kindWords(word: string): string | undefined {
  const kind = taskKindNames.find((each) => each === word);
  if (kind === undefined) return undefined;
  const { summary, labels, losses, defaults } = taskKinds[kind];
  return `${summary} ${labels}\n\nLoss: \`${losses[0]}\`. Metrics: ${defaults.map((name) => `\`${name}\``).join(", ")}.`;
}

function lossWords(word: string): string | undefined {
  const name = lossNames.find((each) => each === word);
  if (name === undefined) return undefined;
  const { summary, source } = lossFacts[name];
  const options = keysMarkdown(optionsShape(lossOptions[name]));
  return [summary, ...(source === undefined ? [] : [source]), ...(options === "" ? [] : [options])].join("\n\n");
}

function metricWords(word: string): string | undefined {
  const known = word === "top" || metricNames.some((each) => each === word);
  if (!known) return undefined;
  const { summary, ranks } = metricFacts(word === "top" ? "top3" : word);
  return ranks === true
    ? `${summary}\n\nMeasured in validation and test, not on the batches trained on: all rows must be ranked.`
    : summary;
}
