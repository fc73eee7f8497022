import { arrayChecks } from "./data/array-codes.ts";
import { imageChecks } from "./data/image-codes.ts";
import { moduleChecks } from "./module-codes.ts";
import { trainingChecks } from "./training-codes.ts";
import { sourceChecks } from "./data/source-codes.ts";

/**
 * Every check there is: its stable code, a name, and what to do about it. `docs/checks.md` is this list in prose
 * (`checksPage`), kept equal by a test. Codes are never reused.
 *
 *   MTL0xx  the text and its YAML
 *   MTL1xx  one key and its value
 *   MTL2xx  keys that do not go together
 *   MTL3xx  what only the data can tell
 *   MTL4xx  what only the built model can tell
 *   MTL5xx  the user's own code
 */
export const checks = {
  MTL001: [
    "File too large",
    "An experiment file is a few hundred lines; a file above a million characters is not read. Keep data in a data file and name it under `data.file`.",
  ],
  MTL002: [
    "Empty file",
    "There is nothing in the file but blank lines and comments. Use the command “New Experiment” to start from an example or a table.",
  ],
  MTL003: [
    "Not a text file",
    "The file holds bytes that no YAML text has, such as NUL. It is probably a data file or an image with the wrong ending.",
  ],
  MTL004: [
    "YAML syntax",
    "The text is not YAML. Usual reasons: a tab in the indentation, a missing space after a colon, a bracket or a quote that is not closed, lines of one list with different indentation.",
  ],
  MTL005: ["Key given twice", "The same key stands twice in one mapping; it is unclear which value is meant. Delete one of them."],
  MTL006: ["More than one document", "A line `---` or `...` begins another YAML document. Keep one experiment a file."],
  MTL007: [
    "Too deep or too many parts",
    "The file nests deeper, or has more parts, than any experiment needs. It is probably not an experiment.",
  ],
  MTL008: [
    "Alias",
    "A `*name` refers to no `&name` before it, to a part that holds it, or repeats parts until the file grows beyond reason. Write the part out.",
  ],
  MTL009: ["Not a plain key", "Keys are plain words. A list or a mapping cannot be a key, and `__proto__` is refused."],
  MTL010: ["Tag", "Tags such as `!name` mean nothing in an experiment. Delete the tag."],
  MTL011: ["Not a mapping", "An experiment is a mapping of keys such as `name:`, `data:` and `tasks:`; the file holds something else."],

  MTL101: ["Unknown key", "No such key exists here. The message lists those that do, and names the nearest."],
  MTL102: ["Missing key", "A key that has no default is not given. Add it."],
  MTL103: [
    "Wrong type",
    "The value is of another type than expected, e.g. a text where a number belongs. A number in quotes is a text; a list is written `[a, b]`. A section that may be left out, such as `training` or `track`, may also stand with nothing under it: its defaults hold.",
  ],
  MTL104: ["Out of range", "The number, or the length of the list, lies outside of what is allowed. The message tells the range."],
  MTL105: ["Not one of the allowed values", "The value is none of the listed ones."],
  MTL106: [
    "Unusable name",
    "Names of experiments and tasks appear in file names, series and charts: letters, digits, `_` and `-`, beginning with a letter or `_`.",
  ],
  MTL109: ["Value does not fit", "The value does not fit in a way that has no code of its own; the message says how."],
  MTL110: ["Unknown balancer", "No balancer has this name. `taskscope balancers` lists all of them."],
  MTL111: ["Unknown balancer option", "The balancer has no such option. `taskscope balancers METHOD` lists its options."],
  MTL120: [
    "Unknown layer",
    "No layer has this name. Layers carry the names of TensorFlow.js, in its spelling: `conv2d`, `batchNormalization`, `reLU`.",
  ],
  MTL121: ["Unknown layer argument", "The layer has no such argument. Arguments carry the names of TensorFlow.js."],
  MTL122: [
    "Not one layer",
    "A list entry is one layer: its name alone, or one key with the name and its arguments, e.g. `- dense: {units: 64}`. Arguments that stand beside the name need one level more indentation.",
  ],
  MTL130: ["Unknown optimizer", "Optimizers are `sgd`, `adam`, `adamw`, `rmsprop` and `adagrad`."],
  MTL131: ["Unknown optimizer option", "The optimizer has no such option."],
  MTL132: [
    "Not one optimizer",
    "Give one optimizer: its name alone, or one key with the name and its options, e.g. `{adam: {learningRate: 1e-3}}`.",
  ],

  MTL140: ["Unknown loss", "No loss has this name. [Tasks](tasks.md) lists the losses of each kind of task."],
  MTL141: ["Unknown loss option", "The loss has no such option. [Tasks](tasks.md) lists the options of each loss."],
  MTL142: ["Not one loss", "Give one loss: its name alone, or one key with the name and its options, e.g. `{huber: {delta: 2}}`."],

  MTL201: ["No task", "An experiment needs a task. Add one under `tasks`."],
  MTL202: [
    "One task only",
    "With one task there is nothing to balance; a method that learns or normalises a scale still does so. Useful as a single-task baseline.",
  ],
  MTL203: [
    "Task without head",
    "`model.heads` is given but leaves this task out, so it gets an output layer alone. Give it a head; an empty list says that the output layer alone is meant.",
  ],
  MTL204: ["Head for no task", "The head's name is not the name of a task. Rename or delete it."],
  MTL205: [
    "Metric does not fit the task",
    "Each kind of task has its own metrics; [Tasks](tasks.md) lists them. The message names those that fit.",
  ],
  MTL206: [
    "Loss does not fit the task",
    "Each kind of task has its own losses; [Tasks](tasks.md) lists them. The message names those that fit.",
  ],
  MTL207: ["Layer name given twice", "Parameters are named after their layer, so a `name` may be given once in the whole model."],
  MTL208: [
    "Balancer needs another optimizer",
    "The balancer replaces the optimizer's update and exists for some optimizers only. Choose one of those named.",
  ],
  MTL209: [
    "Task weights have no effect",
    "Only the balancer `static` uses the tasks' `weight`. Set `balancer: static` or delete the weights.",
  ],
  MTL210: ["All weights are zero", "Nothing would be trained. Give at least one task a weight above zero."],
  MTL211: [
    "Label among the inputs",
    "The column that a task predicts is an input too, so the network can copy the answer (leakage). Take it out of `inputs`.",
  ],
  MTL212: ["Listed twice", "The same entry stands twice in a list. Delete one."],
  MTL213: [
    "Column of two tasks",
    "Two tasks predict the same column. That is allowed, e.g. once as number and once as class, but seldom meant.",
  ],
  MTL214: ["Nothing left to train on", "The shares for validation and test leave no rows for training. Their sum must be below 1."],
  MTL215: ["Strides and dilation", "TensorFlow.js cannot use strides and dilation above 1 in one layer. Choose one of them."],
  MTL216: [
    "Softmax before the output",
    "The output layer that fits the task is added after the head, and its loss takes logits. A softmax at the end of a head squeezes what reaches it; delete it.",
  ],
  MTL217: [
    "Balancer's options do not fit the tasks",
    "An option names the tasks or counts them, and does not fit those of the experiment. The message says how.",
  ],
  MTL218: [
    "Balancer never gets that far",
    "The training is shorter than the balancer's own schedule, such as a warm-up or stages, so part of it comes to nothing. Train longer, or shorten the schedule.",
  ],
  MTL230: [
    "Nesterov without momentum",
    "Nesterov's form of `sgd` looks ahead along the momentum; without `momentum` there is none. Set it, 0.9 for instance, or delete `nesterov`.",
  ],
  ...trainingChecks,

  MTL250: [
    "Key does not fit the kind of task",
    "`columns`, `separator`, `classes`, `ignore` and `threshold` say what the labels of some kinds of tasks are; [Tasks](tasks.md) tells which. Delete the key, or change the kind.",
  ],
  MTL251: [
    "Labels named twice",
    "`columns` says where the labels are and how they are called; `column`, `separator` and `classes` would say it another time. Delete one of them.",
  ],
  MTL252: [
    "Too few or too many for the kind of task",
    "A binary task has two classes, and a direction needs a vector of two or more components. The message says what to change.",
  ],
  MTL253: [
    "Loss can be negative",
    "The balancer takes logarithms, roots or ratios of the losses and needs them above 0, and this loss can fall below. Use another loss or another balancer.",
  ],
  MTL254: ["Class weights do not fit the classes", "A list of weights has one number a class, and a mapping names classes that there are."],

  MTL240: [
    "Option without effect",
    "An input's option is for another encoding: `size` for `encode: embedding`, `cyclic` for parts of a date, `scale` for numbers. Delete it, or change the encoding.",
  ],

  ...sourceChecks,

  MTL301: ["Unknown column", "The table has no such column. The message names the nearest, and the columns there are."],
  MTL302: [
    "Batch larger than the data",
    "`training.batchSize` exceeds the rows left for training, so a step could never fill a batch; or `training.accumulate` exceeds the batches of an epoch, so a step could never have that many. Make it smaller, or keep less for validation and test.",
  ],
  MTL303: ["Fewer than two classes", "The label column has one value only, so there is nothing to tell apart. Choose another column."],
  MTL304: [
    "Label is not a number",
    "A regression task predicts a number, and the column holds text. Use `kind: classification`, or choose another column.",
  ],
  MTL305: [
    "Very many classes",
    "The label column of a classification holds very many distinct numbers and looks like a measurement. `kind: regression` is probably meant.",
  ],
  MTL306: ["Empty column", "The column has no value in any row."],
  MTL307: ["Missing inputs", "Some rows lack this input. Set `data.missing` to `mean` (fill in) or `drop` (leave out those rows)."],
  MTL310: ["No data file", "The file named under `data` is not there or cannot be read. Its path is relative to the experiment file."],
  MTL311: [
    "Not a table",
    "The data file is not a table that can be read: csv and tsv with a line of column names first, json as an array of objects or an object of columns, jsonl with an object on every line, or parquet; text in UTF-8.",
  ],
  MTL312: [
    "Row of another length",
    "A row has more or fewer cells than there are columns. Often a cell holds the separator and needs quotes around it.",
  ],
  MTL313: [
    "Table too large",
    "A json object of columns is read as a whole, and this one is larger than what is read so. Write an array of objects, one a row, or another format.",
  ],
  MTL314: ["Unusable column names", "A column has no name, or two columns have the same."],
  MTL315: [
    "Almost a number",
    "Most values of this input are numbers, but some are text, so that each would become a category. Correct the cells that are not numbers, or empty them.",
  ],
  MTL316: [
    "Too many categories",
    "A text input becomes one input for each different text, and there are too many. It is probably an identifier: remove it.",
  ],
  MTL317: ["No label to learn from", "No training row has a label for this task. Add labels, or change `data.split.seed`."],
  MTL318: [
    "Class unseen in training",
    "A class occurs in the validation or test rows only, so it cannot be learned. Correct or remove its rows, or change `data.split.seed`.",
  ],
  MTL319: ["Empty split", "A share is so small, or the table so short, that one of training, validation and test gets no row."],
  MTL320: [
    "Not an ordinary file",
    "`data` names a pipe, a socket or a device as a file. Reading it may never end, so it is not opened. Write the data to an ordinary file.",
  ],
  MTL321: [
    "File on another computer",
    "A file of `data` is a network path such as `\\\\server\\share\\table.csv`, and the workspace is not trusted. Asking for the file would send your name and a hash of your password to that computer. Trust the workspace, or copy the file beside the experiment.",
  ],
  MTL322: [
    "No label to measure with",
    "No validation row, or no test row, has a label for this task, so its metrics cannot be told there. Add labels, or change `data.split.seed`.",
  ],
  MTL323: [
    "Label never changes",
    "Every training row has the same number as label of a regression. There is nothing to learn, and r2 has no value. Choose another column, or remove the task.",
  ],
  MTL324: [
    "Number too large",
    "The column holds a number beyond ±1e30, which cannot be computed with in single precision. It is most likely a mistake, or a mark for a missing value. Correct it, or leave the cell empty.",
  ],
  MTL325: [
    "Damaged file",
    "The file is not whole: its packed data or its footer cannot be read, most likely because a copy or download ended early. Get it again.",
  ],
  MTL326: [
    "No room for the rows",
    "The rows need more memory than `data.memory` allows, and the temporary file that would take them cannot be written. Free some space on its disk, choose another folder for temporary files, or raise `data.memory`.",
  ],
  MTL327: [
    "Category unseen in training",
    "Validation or test rows have a category of a text input that no training row has, so the network has learned nothing of it: one-hot it has no feature, and embedded it shares the vector `(other)`.",
  ],
  MTL328: [
    "No single values",
    "The column holds lists, objects or structs instead of one number, text or date a row. Lists can be labels of the kinds `multi-label` and `regression`. Leave it out, or write its parts as columns of their own.",
  ],
  MTL329: [
    "Not a date",
    "Parts of a date are taken of a date column, or of text like `2001-01-14` or `2001-01-14T21:55:00`. A date column enters the network by its parts: `{column: when, encode: [month, weekday, hour]}`.",
  ],
  MTL333: [
    "Only the beginning was checked",
    "The table is large, so a check looks at its beginning, and of a large array at its header. The training looks at all rows before its first step.",
  ],
  MTL330: ["No such label in Multi-MNIST", "Each image has two digits; their labels are the columns `left` and `right`."],
  MTL331: [
    "Digits are classes",
    "The labels of Multi-MNIST are digits from 0 to 9. Use `kind: classification`, or `kind: ordinal` for their order, without `classes`.",
  ],
  MTL332: [
    "Digits missing",
    "The file of MNIST digits that comes with Taskscope is missing or damaged. In a clone of the repository `node scripts/prepare-examples.mjs` makes it.",
  ],
  ...arrayChecks,
  MTL350: [
    "More than two values",
    "A binary task tells two values apart, and its column has a third. Correct it, leave the cell empty if the label is missing, or use `kind: classification`.",
  ],
  MTL351: [
    "Classes without an order",
    "The classes of an ordinal task are numbers, or the experiment names them in their order: `classes: [low, middle, high]`.",
  ],
  MTL352: [
    "Not among the classes",
    "A label is none of the classes that the experiment names. Correct it, leave the cell empty if the label is missing, or add the class.",
  ],
  MTL353: [
    "Not a mark",
    "A column of a multi-label task says whether a row has a label: 0 or 1, false or true. Names of labels in one column of text need a `separator`.",
  ],
  MTL354: [
    "Labels of another shape",
    "A list stands where one label belongs, or a single value, or a list of another length, where the task needs a list. The message tells both.",
  ],
  MTL355: [
    "Far too many classes",
    "Each different value of the label column would become a class. It is an identifier or a measurement: choose another column, or use `kind: regression`.",
  ],
  ...imageChecks,

  MTL356: [
    "Class weights do not fit the data",
    "The classes that the training rows have are others than those that have weights, or nobody counted how often they occur. The message lists them.",
  ],
  MTL357: [
    "Too many rows to rank",
    "`auc` and `spearman` keep the answers for all rows of a split to rank them, and these are too many. Take the metric out, or make the split smaller.",
  ],

  MTL401: [
    "Layer does not fit its input",
    "The layer needs an input of another shape than the one it gets from the layer before. The message tells both.",
  ],
  MTL402: ["Nothing is left", "The layer's output would have no rows or columns: its window or border is larger than its input."],
  MTL403: [
    "Model too large",
    "The model has more parameters than can be trained in memory on one machine. A dense layer after a large flattened image is the usual reason.",
  ],
  MTL404: ["Layer cannot be built", "TensorFlow.js refuses the layer with these arguments; the message gives its reason."],
  MTL405: [
    "Head does not end flat",
    "The output layer needs a flat row of features from each head. End the trunk or the head with `flatten`, a global pooling, or a recurrent layer that gives its last output.",
  ],
  MTL406: [
    "Nothing is shared",
    "No layer of the trunk has a weight, so the tasks have none in common, and a balancer has nothing to balance. Move layers from the heads to the trunk.",
  ],
  MTL407: [
    "Head does not end on the pixels",
    "The output layer of a segmentation needs features for each pixel of its labels: layers that keep height and width, or bring them back.",
  ],
  MTL408: [
    "Inputs cannot be joined",
    "Several inputs are joined along their last axis before the trunk, so all other axes must agree. Give each input layers of its own under `model.inputs` that end alike, such as `flatten` and `dense`.",
  ],
  MTL409: ["Unknown input", "`model.inputs` names an input that the data does not have. The message lists those there are."],
  MTL410: [
    "Nothing of that name to train",
    "A phase is to train what is the name of no layer or parameter with weights. Names are those of the layers (`dense1`), of parameters (`dense1.kernel`), `trunk` and `heads`; `*` stands for any text.",
  ],

  ...moduleChecks,
} as const satisfies Record<`MTL${string}`, readonly [title: string, advice: string]>;

export type CheckCode = keyof typeof checks;

const chapters: readonly (readonly [prefix: string, title: string])[] = [
  ["MTL0", "The text and its YAML"],
  ["MTL1", "One key and its value"],
  ["MTL2", "Keys that do not go together"],
  ["MTL3", "What only the data can tell"],
  ["MTL4", "What only the built model can tell"],
  ["MTL5", "Your own code"],
];

/** The text of `docs/checks.md`. */
export function checksPage(): string {
  const parts = [
    "# Checks",
    "What Taskscope finds in an experiment file, in the Problems view and with `taskscope check`. Each finding has a stable code. This page is written by `node scripts/write-docs.ts` from `src/experiment/codes.ts`.",
  ];
  for (const [prefix, chapter] of chapters) {
    const entries = Object.entries(checks).filter(([code]) => code.startsWith(prefix));
    if (entries.length > 0) parts.push(`## ${chapter}`);
    for (const [code, [title, advice]] of entries) parts.push(`### ${code}`, `**${title}.** ${advice}`);
  }
  return `${parts.join("\n\n")}\n`;
}
