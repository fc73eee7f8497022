/** A small experiment on two sources without findings. */
export const twoSources = `name: two
data:
  sources:
    birds: {file: birds.csv, inputs: [beak, wing], tasks: [species, sex]}
    weights:
      file: weights.csv
      inputs: [beak, wing]
      split: {seed: 3}
      tasks: [mass]
  schedule: mixed
tasks:
  species: {kind: classification}
  sex: {kind: classification}
  mass: {column: grams, kind: regression}
model: {trunk: [{dense: {units: 8}}]}
balancer: mgda
`;

/** The file with one passage replaced. Throws when it does not hold the passage. */
export function twoSourcesWith(passage: string, replacement: string, text = twoSources): string {
  if (!text.includes(passage)) throw new Error(`The file does not hold ${JSON.stringify(passage)}.`);
  return text.replace(passage, () => replacement);
}

const oneEach = twoSourcesWith(", tasks: [species, sex]", ", tasks: [species]", twoSourcesWith("  sex: {kind: classification}\n", ""));
const turns = (text: string): string => twoSourcesWith("schedule: mixed", "schedule: alternate", text);

/** What is wrong, the text, and all findings, as the cases of `broken-files.test.ts`. */
export const sourceCases: readonly (readonly [what: string, text: string, ...findings: readonly string[]])[] = [
  ["nothing wrong", twoSources],
  ["no schedule", twoSourcesWith("  schedule: mixed\n", "")],
  ["an empty schedule", twoSourcesWith("schedule: mixed", "schedule:")],
  ["an empty split", twoSourcesWith("split: {seed: 3}", "split:")],
  ["one schedule in full", twoSourcesWith("mixed", "{batches: alternate, order: random, shares: root, temperature: 3}")],
  ["named inputs", twoSourcesWith("[beak, wing], tasks", "{a: beak, b: [wing]}, tasks")],
  ["a data set among them", twoSourcesWith("file: birds.csv, inputs: [beak, wing]", "dataset: multi-mnist, pairs: 2")],

  ["a list", "name: a\ndata: {sources: []}\ntasks: {a: {kind: regression}}\nmodel: {trunk: [flatten]}", "2:17 MTL103", "3:9 MTL202"],
  ["no source", "name: a\ndata: {sources: {}}\ntasks: {a: {kind: regression}}\nmodel: {trunk: [flatten]}", "2:8 MTL104", "3:9 MTL202"],
  ["a file beside the sources", twoSourcesWith("  schedule: mixed", "  file: a.csv"), "10:3 MTL101"],
  ["a misspelt key", twoSourcesWith("schedule:", "shedule:"), "10:3 MTL101 → schedule"],
  ["a misspelt name", twoSourcesWith("birds:", "1st:"), "4:5 MTL106"],
  ["a source that is a word", twoSourcesWith("{file: birds.csv, inputs: [beak, wing], tasks: [species, sex]}", "birds.csv"), "4:12 MTL103", "12:3 MTL262", "13:3 MTL262"], // prettier-ignore
  ["a source without a form", twoSourcesWith("file: birds.csv, inputs: [beak, wing], ", ""), "4:5 MTL102"],
  ["a source without inputs", twoSourcesWith(", inputs: [beak, wing], tasks", ", tasks"), "4:5 MTL102"],
  ["a source of two forms", twoSourcesWith("file: birds.csv,", "file: birds.csv, dataset: multi-mnist,"), "4:30 MTL101"],
  ["a misspelt key of a source", twoSourcesWith("inputs: [beak, wing], tasks", "input: [beak, wing], tasks"), "4:30 MTL101 → inputs"],
  ["a misspelt key of a source's split", twoSourcesWith("{seed: 3}", "{sed: 3}"), "8:15 MTL101 → seed"],
  ["a module as a source", twoSourcesWith("file: birds.csv, inputs: [beak, wing]", "module: ./a.ts"), "4:13 MTL101"],
  ["a source without tasks", twoSourcesWith("      tasks: [mass]\n", ""), "5:5 MTL102", "13:3 MTL262"],
  ["misspelt tasks", twoSourcesWith("      tasks: [mass]", "      task: [mass]"), "9:7 MTL101 → tasks", "14:3 MTL262"],
  ["a single task", twoSourcesWith("tasks: [mass]", "tasks: mass"), "9:14 MTL103 → [mass]", "14:3 MTL262"],
  ["no task of a source", twoSourcesWith("tasks: [mass]", "tasks: []"), "9:14 MTL104", "14:3 MTL262"],
  ["a number as task", twoSourcesWith("tasks: [mass]", "tasks: [mass, 3]"), '9:21 MTL103 → "3"'],
  ["a task that there is not", twoSourcesWith("[mass]", "[mass, colour]"), "9:21 MTL260"],
  ["a misspelt task", twoSourcesWith("[mass]", "[mas]"), "9:15 MTL260 → mass"],
  ["a task in two sources", twoSourcesWith("[mass]", "[mass, sex]"), "9:21 MTL261"],
  ["a task twice in a source", twoSourcesWith("[mass]", "[mass, mass]"), "9:21 MTL212"],
  ["a task in no source", twoSourcesWith("[species, sex]", "[species]"), "13:3 MTL262"],
  ["an unknown schedule", twoSourcesWith("mixed", "mixd"), "10:13 MTL105 → mixed"],
  ["an unknown order", twoSourcesWith("mixed", "{batches: alternate, order: ramdom}"), "10:41 MTL105 → random"],
  ["order of a mixed schedule", twoSourcesWith("mixed", "{batches: mixed, order: random}"), "10:30 MTL101"],
  ["a schedule without batches", twoSourcesWith("mixed", "{order: random}"), "10:3 MTL102"],
  ["a temperature below 1", twoSourcesWith("mixed", "{batches: mixed, shares: root, temperature: 0.5}"), "10:57 MTL104"],
  ["a temperature without effect", twoSourcesWith("mixed", "{batches: mixed, temperature: 3}"), "10:30 MTL263"],
  ["shares by name", twoSourcesWith("mixed", "{batches: mixed, shares: {weights: 3, birds: 0.5}}")],
  ["no share of a source", twoSourcesWith("mixed", "{batches: mixed, shares: {weights: 3}}"), "10:30 MTL265"],
  ["an empty mapping of shares", twoSourcesWith("mixed", "{batches: mixed, shares: {}}"), "10:30 MTL265"],
  ["a share of no source", twoSourcesWith("mixed", "{batches: mixed, shares: {weights: 3, birds: 1, plants: 1}}"), "10:61 MTL265"],
  ["a share of a misspelt source", twoSourcesWith("mixed", "{batches: mixed, shares: {weights: 3, brids: 1}}"), "10:51 MTL265 → birds"],
  ["a share of zero", twoSourcesWith("mixed", "{batches: alternate, shares: {weights: 3, birds: 0}}"), "10:62 MTL104"],
  ["a share below zero", twoSourcesWith("mixed", "{batches: mixed, shares: {weights: -1, birds: 1}}"), "10:48 MTL104"],
  ["shares too far apart", twoSourcesWith("mixed", "{batches: mixed, shares: {weights: 200, birds: 1}}"), "10:38 MTL109"],
  ["a share that is no number", twoSourcesWith("mixed", "{batches: mixed, shares: {weights: much, birds: 1}}"), "10:48 MTL103"],
  ["a misspelt word for shares", twoSourcesWith("mixed", "{batches: mixed, shares: row}"), "10:38 MTL105 → rows"],
  ["a number of shares", twoSourcesWith("mixed", "{batches: mixed, shares: 2}"), "10:38 MTL103"],
  ["temperature beside named shares", twoSourcesWith("mixed", "{batches: mixed, shares: {weights: 1, birds: 1}, temperature: 2}"), "10:62 MTL263"], // prettier-ignore
  ["nothing to compare", turns(oneEach), "10:3 MTL264"],
  ["several batches in a step", `${turns(oneEach)}training: {accumulate: 2}\n`],
  ["losses alone", twoSourcesWith("balancer: mgda", "balancer: dwa", turns(oneEach))],
  ["two tasks in a batch", turns(twoSources)],

  ["an answer among the inputs of its source", twoSourcesWith("[beak, wing], tasks", "[beak, species], tasks"), "4:45 MTL211"],
  ["another source's answer is none", twoSourcesWith("[beak, wing]\n", "[beak, species]\n")],
  ["one column predicted twice in a source", twoSourcesWith("sex: {", "sex: {column: species, "), "13:17 MTL213"],
  ["one column in two sources", twoSourcesWith("column: grams", "column: species")],
  ["nothing left to train on", twoSourcesWith("{seed: 3}", "{validation: 0.6, test: 0.4}"), "8:7 MTL214"],
];
