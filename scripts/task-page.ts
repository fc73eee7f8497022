import { z } from "zod";
import { lossFacts, lossNames, lossOptions, type LossName } from "../src/experiment/losses.ts";
import { metricFacts, metricNames } from "../src/experiment/metrics.ts";
import { optionsShape } from "../src/experiment/json-schema.ts";
import { taskSchema } from "../src/experiment/schema.ts";
import { typeWords } from "../src/experiment/shape.ts";
import { labelKeys, taskKindNames, taskKinds } from "../src/experiment/task-kinds.ts";

/** The text of `docs/tasks.md`, made from the tables of kinds, losses and metrics; a test fails when the page is stale. */
export function taskPage(): string {
  return [
    "# Tasks",
    "",
    "Made by `npm run docs` from `src/experiment/`; do not edit. A task has a `kind`, labels in a `column` (its own name, where none is given), a `loss` and",
    "`metrics`. The layer that its kind needs is added at the end of its head.",
    "",
    "```yaml",
    "tasks:",
    "  species: { column: Species, kind: classification, loss: { cross-entropy: { classWeights: balanced } } }",
    "  late: { kind: binary, metrics: [auc, f1] }",
    "  tags: { kind: multi-label, separator: ';' }",
    "  size: { kind: ordinal, classes: [small, medium, large] }",
    "  place: { kind: regression, columns: [x, y, z], loss: { huber: { delta: 2 } } }",
    "  ground: { kind: segmentation, ignore: 255 }",
    "```",
    "",
    "A row without a label for a task is absent for that task. Where a row has some labels of a task (an empty cell among its `columns`, a pixel to",
    "ignore), those that it has count, and the rows weigh alike. Every loss is the mean over the labelled rows of a batch.",
    "",
    "## Kinds",
    "",
    "| kind | what is predicted | labels | keys beside `column` | losses, the default first | metrics by default |",
    "| --- | --- | --- | --- | --- | --- |",
    ...taskKindNames.map((kind) => {
      const { summary, labels, keys, losses, defaults } = taskKinds[kind];
      return `| \`${kind}\` | ${summary} | ${labels} | ${codes(keys)} | ${codes(losses)} | ${codes(defaults)} |`;
    }),
    "",
    ...labelKeys.map((key) => `- \`${key}\`: ${descriptionOf(key)}`),
    "",
    "Numbers are standardised by mean and standard deviation of the training rows, so `mse`, `mae`, `huber` and `gaussian` are in standard deviations; metrics are in",
    "the column's own unit. A missing cell (empty, `NA`, `NaN`, `null`) is no label. A cell with the separator alone, or an empty list, says that a row has none of the labels.",
    "",
    "## Losses",
    "",
    "`z` are the outputs, `y` the labels.",
    "",
    "| loss | per row | options |",
    "| --- | --- | --- |",
    ...lossNames.map((name) => `| \`${name}\` | ${cell(lossText(name))} | ${cell(optionsOf(name))} |`),
    "",
    "With `classWeights` the loss of a batch is Σ w L ⁄ n, over its n labelled rows (in a mask over the pixels, then over the rows), w the weight of the true class. So it",
    "is in Keras; PyTorch divides by Σ w, so that there a batch of one class alone does not feel its weight. With `labelSmoothing` too, w of the true class multiplies the",
    "whole loss of a row; PyTorch multiplies each class's part of the sum by that class's weight.",
    "",
    "## Metrics",
    "",
    "| metric | what it is | better | for |",
    "| --- | --- | --- | --- |",
    ...metricNames
      .map((name) => {
        const { summary, better, ranks } = metricFacts(name);
        const kinds = taskKindNames.filter((kind) => taskKinds[kind].metrics.includes(name));
        const label = name === "top3" ? "`top3`, `top5`, `{top: k}`" : `\`${name}\``;
        return name === "top5" ? "" : `| ${label} | ${cell(summary)}${ranks === true ? " ¹" : ""} | ${better} | ${codes(kinds)} |`;
      })
      .filter((line) => line !== ""),
    "",
    "¹ Exact, from the ranks of all rows of a split: measured in validation and test, where the answers for all rows are kept, 4 bytes each (a check refuses",
    "more than 64 million values). It is not measured on the batches trained on, and has no `metric/train/…` series.",
    "",
    "Training metrics are those of the batches as they were trained on, while the network changed; validation and test are of the network as it stands.",
    "The best checkpoint has the highest mean over the tasks of the first metric in validation, where errors (`rmse`, `mae`) count as 1 − error ⁄ standard deviation of the labels.",
    "",
  ].join("\n");
}

function lossText(name: LossName): string {
  const { summary, source, negative } = lossFacts[name];
  return `${summary}${source === undefined ? "" : ` ${source}.`}${negative === true ? " Can be negative, so some balancers refuse it." : ""}`;
}

function optionsOf(name: LossName): string {
  return Object.entries(optionsShape(lossOptions[name]).properties ?? {})
    .map(([option, shape]) => {
      if (typeof shape !== "object") return "";
      const normal = shape.default === undefined ? "" : `, default \`${JSON.stringify(shape.default)}\``;
      return `\`${option}\` (${typeWords(shape)}${normal}): ${shape.description ?? ""}`;
    })
    .join("<br>");
}

function descriptionOf(key: (typeof labelKeys)[number]): string {
  return z.globalRegistry.get(taskSchema.shape[key])?.description ?? "";
}

function codes(words: readonly string[]): string {
  return words.map((word) => `\`${word}\``).join(", ");
}

/** A bar would end the cell. */
function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}
