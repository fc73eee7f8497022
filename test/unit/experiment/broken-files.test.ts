import { describe, expect, test } from "vitest";
import { checks } from "../../../src/experiment/codes.ts";
import { completionsAt } from "../../../src/experiment/completion.ts";
import { hoverAt } from "../../../src/experiment/hover.ts";
import { parseExperiment } from "../../../src/experiment/parse.ts";
import { longestText } from "../../../src/experiment/parse-yaml.ts";
import { penguins, penguinsWith as with_ } from "./penguins.ts";
import { sourceCases } from "./source-cases.ts";

function phases(list: string): string {
  return with_("seed: 0}", `phases: [${list}]}`);
}

/** What is wrong, the text, and all findings as `line:column code`, counted from 1; behind `→` the preferred repair. */
type Case = readonly [what: string, text: string, ...findings: readonly string[]];

const manyKeys = Array.from({ length: 30_000 }, (_, i) => `k${i}: 1`).join("\n");
const bomb = [
  "a0: &a0 [x,x,x,x,x,x,x,x]",
  ...Array.from({ length: 12 }, (_, i) => `a${i + 1}: &a${i + 1} [${Array(8).fill(`*a${i}`).join(",")}]`),
].join("\n");

/** The text from one passage to another replaced. */
function sectionWith(from: string, to: string, replacement: string): string {
  return with_(penguins.slice(penguins.indexOf(from), penguins.indexOf(to)), replacement);
}

/** The network as a module, with these lines below `model:`. */
function own(...lines: readonly string[]): string {
  return sectionWith("  trunk:", "balancer:", lines.map((line) => `  ${line}\n`).join(""));
}

const cases: readonly Case[] = [
  ...sourceCases.map(([what, ...rest]): Case => [`several sources: ${what}`, ...rest]),

  ["nothing wrong", penguins],

  ["too large", "#".repeat(longestText + 1), "1:1 MTL001"],
  ["50 MB", "a: b\n".repeat(10_000_000), "1:1 MTL001"],
  ["empty", "", "1:1 MTL002"],
  ["blank lines and comments", "\n  \n# nothing\r\n\t# more\n", "1:1 MTL002"],
  ["binary", "name: a\n\u0000\u0001", "2:1 MTL003"],
  ["a tab", with_("  species: {col", "\tspecies: {col"), "7:1 MTL004 →   "],
  ["an open bracket", with_("[rmse, r2]", "[rmse, r2"), "8:60 MTL004"],
  ["an open bracket over a line", with_("mass: [{dense: {units: 16}}]", "mass: [{dense: {units: 16}}"), "16:11 MTL004"],
  ["two open brackets", with_("mass: [{dense: {units: 16}}]", "mass: [{dense: {units: 16}"), "16:12 MTL004"],
  ["an open quote", "name: 'a", "1:8 MTL004"],
  ["a missing colon", with_("training:", "training"), "19:1 MTL004 → training:"],
  ["a key twice", with_("tasks:", "data: {}\ntasks:"), "6:1 MTL005"],
  ["two documents", `${penguins}---\nname: b\n`, "20:1 MTL006"],
  ["too deep", `name: ${"[".repeat(60)}${"]".repeat(60)}`, "1:47 MTL007"],
  ["far too deep", `name: ${"[".repeat(20_000)}`, "1:47 MTL007"],
  ["too many parts", manyKeys, "1:1 MTL007"],
  ["an alias bomb", `${bomb}\n${penguins}`, "5:22 MTL008"],
  ["an alias in itself", with_("name: penguins", "name: &a [*a]"), "1:11 MTL008"],
  ["an alias without anchor", with_("file: penguins.csv", "file: *here"), "3:9 MTL008"],
  ["a list as key", with_("tasks:", "? [a]\n: 1\ntasks:"), "6:3 MTL009"],
  ["__proto__", with_("tasks:", "__proto__: {}\ntasks:"), "6:1 MTL009"],
  ["a tag", with_("penguins.csv", "!name penguins.csv"), "3:9 MTL010"],
  ["a list", "- a\n- b", "1:1 MTL011"],
  ["a word", "penguins", "1:1 MTL011"],

  ["unknown key at the top", with_("training:", "trainings:"), "19:1 MTL101 → training"],
  ["unknown key", with_("epochs: 50", "epoch: 50"), "19:12 MTL101 → epochs"],
  ["unknown key unlike any", with_("epochs: 50", "colour: 50"), "19:12 MTL101"],
  ["key in another spelling", with_("batchSize", "batch_size"), "19:24 MTL101 → batchSize"],
  ["misspelt key of data", with_("file:", "flie:"), "3:3 MTL101 → file"],
  ["misspelt key of split", with_("{validation:", "{validaton:"), "5:11 MTL101 → validation"],
  ["file and dataset", with_("  file: penguins.csv", "  file: penguins.csv\n  dataset: multi-mnist"), "4:3 MTL101"],
  ["file and module", with_("  file: penguins.csv", "  module: ./data.ts\n  file: penguins.csv"), "4:3 MTL101"],
  ["a module and a trunk", own("module: ./model.ts", "trunk: [flatten]"), "11:3 MTL101"],
  ["misspelt key of a module", own("modul: ./model.ts"), "10:3 MTL101 → module"],
  ["unknown key beside a module", own("module: ./model.ts", "colour: 50"), "11:3 MTL101"],
  ["a module that is no code", own("module: ./model.py"), "10:11 MTL106"],
  ["a module that is a number", own("module: 5"), '10:11 MTL103 → "5"'],
  ["options of a module that are a list", own("module: ./model.ts", "options: [a]"), "11:12 MTL103"],
  ["a module for the model", own("module: ./model.ts", "options: {experts: 4}")],
  ["a module for the data", sectionWith("  file:", "tasks:", "  module: ./data.ts\n")],
  ["an empty model", own(), "9:1 MTL103"],
  ["one input", with_("[Beak Length (mm), Beak Depth (mm), Island]", "Island"), "4:11 MTL103 → [Island]"],
  ["a misspelt input", with_("inputs: [Beak", "inputs: {1st: [Beak").replace("Island]", "Island]}"), "4:12 MTL106"],
  ["no named input", with_("inputs: [Beak Length (mm), Beak Depth (mm), Island]", "inputs: {}"), "4:11 MTL109"],
  ["a named input without columns", with_("inputs: [Beak", "inputs: {where: [], what: [Beak").replace("Island]", "Island]}"), "4:19 MTL104"], // prettier-ignore
  [
    "a column twice in a named input, and once in another",
    with_("inputs: [Beak Length (mm), Beak Depth (mm), Island]", "inputs: {a: [Island, Island], b: Island}"),
    "4:24 MTL212",
  ],
  ["an answer in a named input", with_("inputs: [Beak Length (mm),", "inputs: {a: Species, b: [").replace("Island]", "Island]}"), "4:15 MTL211"], // prettier-ignore
  ["a layer in an encoder", with_("  heads:", "  inputs: {table: [{dens: {}}, 5]}\n  heads:"), "14:21 MTL120 → dense", "14:32 MTL122"],
  ["no name", with_("name: penguins\n", ""), "1:1 MTL102"],
  [
    "no data",
    with_(
      "data:\n  file: penguins.csv\n  inputs: [Beak Length (mm), Beak Depth (mm), Island]\n  split: {validation: 0.15, test: 0.15}\n",
      "",
    ),
    "1:1 MTL102",
  ],
  ["no file", with_("  file: penguins.csv\n", ""), "2:1 MTL102"],
  [
    "neither file nor dataset",
    "name: a\ndata: {split: {}}\ntasks: {a: {kind: regression}, b: {kind: regression}}\nmodel: {trunk: [flatten]}",
    "2:1 MTL102",
  ],
  ["no kind", with_(", kind: classification", ""), "7:3 MTL102"],
  ["no method", with_("{method: mgda, normalize: l2}", "{normalize: l2}"), "17:1 MTL102"],
  ["no units", with_("{units: 16}", "{}"), "16:13 MTL102"],
  ["no units, no arguments", with_("- flatten", "- dense"), "12:7 MTL102"],
  ["number in quotes", with_("epochs: 50", 'epochs: "50"'), "19:20 MTL103 → 50"],
  ["half an epoch", with_("epochs: 50", "epochs: 0.5"), "19:20 MTL103"],
  ["number as text", with_("[Beak Length (mm)", "[2"), '4:12 MTL103 → "2"'],
  ["one metric", with_("[rmse, r2]", "rmse"), "8:60 MTL103 → [rmse]"],
  ["no tasks under the key", "name: a\ndata: {file: a.csv, inputs: [a]}\ntasks:\nmodel: {trunk: [flatten]}", "3:1 MTL103"],
  ["no layers under the key", "name: a\ndata: {file: a.csv, inputs: [a]}\ntasks: {b: {kind: regression}, c: {kind: regression}}\nmodel:\n  trunk:\n", "5:3 MTL103"], // prettier-ignore
  [
    "no data under the key",
    "name: a\ndata:\ntasks: {b: {kind: regression}, c: {kind: regression}}\nmodel: {trunk: [flatten]}",
    "2:1 MTL103",
  ],
  ["a value that is not given", with_("epochs: 50", "epochs: "), "19:12 MTL103"],
  ["data is a word", with_("data:\n", "data: here\nbata:\n"), "2:7 MTL103", "3:1 MTL101 → data"],
  ["window is a word", with_("[3, 3]", "wide"), "13:40 MTL103"],
  ["arguments are a number", with_("{units: 16}", "16"), "16:20 MTL103"],
  ["no batch", with_("batchSize: 32", "batchSize: 0"), "19:35 MTL104"],
  ["window of one side", with_("[3, 3]", "[3]"), "13:40 MTL104"],
  ["share of one", with_("test: 0.15", "test: 1"), "5:35 MTL104"],
  ["no input", with_("[Beak Length (mm), Beak Depth (mm), Island]", "[]"), "4:11 MTL104"],
  ["unknown kind", with_("kind: classification", "kind: clasification"), "7:36 MTL105 → classification"],
  ["unknown option value", with_("normalize: l2", "normalize: l3"), "17:37 MTL105 → l2"],
  ["unknown activation", with_("activation: relu", "activation: rellu"), "11:38 MTL105 → relu"],
  [
    "unknown data set",
    with_("  file: penguins.csv\n  inputs: [Beak Length (mm), Beak Depth (mm), Island]", "  dataset: multi-mnits"),
    "3:12 MTL105 → multi-mnist",
  ],
  ["name with a space", with_("name: penguins", "name: two words"), "1:7 MTL106"],
  ["task beginning with a digit", with_("  mass: {c", "  2mass: {c"), "8:3 MTL106"],

  ["unknown balancer", with_("mgda", "mdga"), "17:20 MTL110 → mgda"],
  ["unknown balancer, alone", with_("{method: mgda, normalize: l2}", "grad-nrom"), "17:11 MTL110 → gradnorm"],
  ["unknown balancer option", with_("normalize: l2", "normalise: l2"), "17:26 MTL111 → normalize"],
  ["unknown layer", with_("- flatten", "- flaten"), "12:7 MTL120 → flatten"],
  ["unknown layer with arguments", with_("conv2d:", "Conv2D:"), "13:7 MTL120 → conv2d"],
  ["unknown layer argument", with_("{units: 64", "{unit: 64"), "11:15 MTL121 → units"],
  ["two layers in one", with_("- flatten", "- {flatten: {}, dense: {units: 3}}"), "12:21 MTL122"],
  ["arguments beside the name", with_("- dense: {units: 64, activation: relu}", "- dense:\n      units: 64"), "12:7 MTL122"],
  ["unknown optimizer", with_("{adam:", "{addam:"), "18:13 MTL130 → adam"],
  ["unknown optimizer option", with_("learningRate", "learnRate"), "18:20 MTL131 → learningRate"],
  ["two optimizers", with_("{adam: {learningRate: 1e-3}}", "{adam: {}, sgd: {}}"), "18:1 MTL132"],

  ["unknown loss", with_("kind: regression", "loss: hubber, kind: regression"), "8:39 MTL140 → huber"],
  ["unknown loss option", with_("kind: regression", "loss: {huber: {detla: 2}}, kind: regression"), "8:48 MTL141 → delta"],
  ["two losses", with_("kind: regression", "loss: {huber: {}, mse: {}}, kind: regression"), "8:33 MTL142"],
  ["a loss as a list", with_("kind: regression", "loss: [mse], kind: regression"), "8:39 MTL142"],
  ["a loss without options as text", with_("kind: regression", "loss: {huber: 2}, kind: regression"), "8:47 MTL103"],
  [
    "no such share of the likeliest",
    with_("[rmse, r2]", "[{tpo: 3}]").replace("kind: regression", "kind: classification"),
    "8:66 MTL101 → top",
  ],

  ["no task", "name: a\ndata: {file: a.csv, inputs: [a]}\ntasks: {}\nmodel: {trunk: [flatten]}", "3:1 MTL201"],
  ["one task", "name: a\ndata: {file: a.csv, inputs: [a]}\ntasks: {b: {kind: regression}}\nmodel: {trunk: [flatten]}", "3:9 MTL202"],
  ["a task without head", with_("    species: []\n", ""), "14:3 MTL203"],
  ["a head for no task", with_("    mass: [", "    mas: ["), "16:5 MTL204 → mass"],
  ["a head too many", with_("    mass: [", "    colour: []\n    mass: ["), "16:5 MTL204"],
  ["metric of another kind", with_("[rmse, r2]", "[rmse, accuracy]"), "8:67 MTL205"],
  ["loss of another kind", with_("kind: classification", "kind: classification, loss: mse"), "7:58 MTL206 → cross-entropy"],
  ["layer name twice", with_("{units: 64,", "{name: a, units: 64,").replace("{units: 16}", "{name: a, units: 16}"), "16:27 MTL207"],
  [
    "balancer and optimizer",
    with_("{method: mgda, normalize: l2}", "adatask").replace("{adam: {learningRate: 1e-3}}", "sgd"),
    "18:12 MTL208 → adam",
  ],
  [
    "gradients that a balancer needs",
    with_("{method: mgda, normalize: l2}", "db-mtl").replace("seed: 0}", "gradients: recompute}"),
    "19:50 MTL245 → auto",
  ],
  [
    "a balancer that needs them, over several batches",
    with_("{method: mgda, normalize: l2}", "db-mtl").replace("seed: 0}", "accumulate: 2, gradients: recompute}"),
    "19:65 MTL245 → auto",
  ],
  ["gradients that are added up over several batches", with_("seed: 0}", "gradients: recompute, accumulate: 2}"), "19:50 MTL245 → auto"],
  ["no balancer, and gradients that are added up", with_("balancer: {method: mgda, normalize: l2}\n", "").replace("seed: 0}", "gradients: recompute, accumulate: 2}"), "18:50 MTL245 → auto"], // prettier-ignore
  ["gradients of one batch after the other", with_("seed: 0}", "gradients: recompute, accumulate: 1}")],
  ["no batch in a step", with_("seed: 0}", "accumulate: 0}"), "19:51 MTL104"],
  ["half a batch more", with_("seed: 0}", "accumulate: 1.5}"), "19:51 MTL103"],
  ["Nesterov without momentum", with_("{adam: {learningRate: 1e-3}}", "{sgd: {nesterov: true}}"), "18:19 MTL230"],
  ["two schedules", with_("seed: 0}", "schedule: {cosine: {}, step: {every: 3}}}"), "19:62 MTL231"],
  ["an unknown schedule", with_("seed: 0}", "schedule: cosin}"), "19:49 MTL105 → cosine"],
  ["an unknown shape of a schedule", with_("seed: 0}", "schedule: {cosin: {}}}"), "19:50 MTL101 → cosine"],
  ["an unknown option of a schedule", with_("seed: 0}", "schedule: {step: {every: 3, facter: 0.5}}}"), "19:67 MTL101 → factor"],
  ["a warm-up without length", with_("seed: 0}", "schedule: {warmup: {from: 0}}}"), "19:50 MTL232"],
  ["a warm-up of two lengths", with_("seed: 0}", "schedule: {warmup: {epochs: 1, steps: 9}}}"), "19:70 MTL232"],
  ["a warm-up without end", with_("seed: 0}", "schedule: {warmup: {epochs: 50}}}"), "19:67 MTL233"],
  ["a task that is not there to watch", with_("seed: 0}", "earlyStopping: {metric: specis/loss}}"), "19:63 MTL234 → species/loss"],
  [
    "one of the likeliest to watch",
    with_("seed: 0}", "earlyStopping: {metric: species/top10}}").replace(
      "kind: classification",
      "kind: classification, metrics: [{top: 10}]",
    ),
  ],
  ["a metric that is not there to watch", with_("seed: 0}", "earlyStopping: {metric: mass/r3}}"), "19:63 MTL234 → mass/r2"],
  ["a metric that nobody has", with_("seed: 0}", "earlyStopping: {metric: mass/accuracy}}"), "19:63 MTL234"],
  ["neither mean nor a metric", with_("seed: 0}", "earlyStopping: {metric: accuracy}}"), "19:63 MTL106"],
  ["threads for wasm", with_("seed: 0}", "threads: 2}"), "19:39 MTL242"],
  ["a metric that is not among a kind's own", with_("seed: 0}", "earlyStopping: {metric: species/auc}}"), "19:63 MTL234"],
  ["a phase without end", phases("{name: a}, {name: b}"), "19:49 MTL236"],
  ["a phase with nothing for an end", phases("{name: a, until: {}}"), "19:58 MTL236"],
  ["a phase that never begins", phases("{name: a, until: {epochs: 50}}, {name: b}"), "19:87 MTL237"],
  ["phases that end too late", phases("{name: a, until: {epochs: 30}}, {name: b, until: {epochs: 30}}"), "19:87 MTL237"],
  ["phases that end too early", phases("{name: a, until: {epochs: 30}}"), "19:55 MTL237"],
  ["two learning rates", phases("{name: a, optimizer: {sgd: {learningRate: 1}}, learningRate: 2}"), "19:95 MTL238"],
  ["two phases of one name", phases("{name: a, until: plateau}, {name: a}"), "19:82 MTL239"],
  ["dropout in a phase", phases("{name: a, balancer: {method: unitary, dropout: 0.5}}"), "19:58 MTL243"],
  ["an unknown balancer of a phase", phases("{name: a, balancer: mgdaa}"), "19:68 MTL110 → mgda"],
  ["an unknown option of a phase's balancer", phases("{name: a, balancer: {method: mgda, normalise: l2}}"), "19:83 MTL111 → normalize"],
  ["an unknown optimizer of a phase", phases("{name: a, optimizer: addam}"), "19:69 MTL130 → adam"],
  ["an unknown key of a phase", phases("{name: a, untill: plateau}"), "19:58 MTL101 → until"],
  ["an unknown end of a phase", phases("{name: a, until: {epoch: 3}}"), "19:66 MTL101 → epochs"],
  ["an end that is no word for one", phases("{name: a, until: plato}"), "19:65 MTL105"],
  ["two schedules in a phase", phases("{name: a, schedule: {cosine: {}, linear: {}}}"), "19:81 MTL231"],
  ["a plateau of nothing", phases("{name: a, until: {plateau: {metric: mas/loss}}}"), "19:84 MTL234 → mass/loss"],
  ["a phase's balancer and its optimizer", phases("{name: a, balancer: adatask, optimizer: sgd}"), "19:88 MTL208 → adam"],
  [
    "a phase's balancer and the optimizer of all",
    phases("{name: a, balancer: adatask}").replace("{adam: {learningRate: 1e-3}}", "sgd"),
    "19:58 MTL208",
  ],
  ["a phase's balancer and the tasks", phases("{name: a, balancer: {method: priority, order: [mass]}}"), "19:94 MTL217"],
  ["a patience without end", with_("seed: 0}", "earlyStopping: {patience: 50}}"), "19:65 MTL235"],
  ["priorities that name no task", with_("{method: mgda, normalize: l2}", "{method: priority, order: [mass, colour]}"), "17:37 MTL217"],
  ["priorities that leave a task out", with_("{method: mgda, normalize: l2}", "{method: priority, order: [mass]}"), "17:37 MTL217"],
  ["a warm-up as long as the training", with_("{method: mgda, normalize: l2}", "{method: stch, warmUp: 49}"), "17:34 MTL218"],
  ["fewer epochs than stages", with_("{method: mgda, normalize: l2}", "priority").replace("epochs: 50", "epochs: 1"), "17:1 MTL218"],
  ["weights without effect", with_("kind: classification", "kind: classification, weight: 2"), "7:52 MTL209"],
  [
    "all weights zero",
    with_("kind: classification", "kind: classification, weight: 0")
      .replace("kind: regression", "kind: regression, weight: 0")
      .replace("{method: mgda, normalize: l2}", "static"),
    "7:60 MTL210",
  ],
  ["label among the inputs", with_("Island]", "Species]"), "4:47 MTL211"],
  ["input twice", with_("Island]", "Beak Depth (mm)]"), "4:47 MTL212"],
  ["metric twice", with_("[rmse, r2]", "[rmse, rmse]"), "8:67 MTL212"],
  ["one column, two tasks", with_("column: Body Mass (g)", "column: Species"), "8:18 MTL213"],
  ["label among the encoded inputs", with_("Island]", "{column: Species, encode: embedding}]"), "4:56 MTL211"],
  ["unknown key of an input", with_("Island]", "{column: Island, encod: one-hot}]"), "4:64 MTL101 → encode"],
  ["no such encoding", with_("Island]", "{column: Island, encode: onehot}]"), "4:72 MTL105 → one-hot"],
  ["no such part of a date", with_("Island]", "{column: Island, encode: [moth]}]"), "4:73 MTL105 → month"],
  ["a size of no embedding", with_("Island]", "{column: Island, encode: one-hot, size: 3}]"), "4:81 MTL240"],
  ["a cycle of no date", with_("Island]", "{column: Island, cyclic: true}]"), "4:64 MTL240"],
  ["a scale of categories", with_("Island]", "{column: Island, encode: embedding, scale: none}]"), "4:83 MTL240"],
  ["a scale of cycles", with_("Island]", "{column: Island, encode: [month], scale: none}]"), "4:81 MTL240"],
  [
    "one number, two sides of it",
    with_("column: Species, kind: classification", "column: Body Mass (g), threshold: 4000, kind: classification"),
  ],
  ["a threshold of a regression", with_("kind: regression,", "kind: regression, threshold: 1,"), "8:51 MTL250"],
  ["nothing to train on", with_("validation: 0.15", "validation: 0.9"), "5:3 MTL214"],
  ["strides and dilation", with_("[3, 3]}", "[3, 3], strides: 2, dilationRate: [1, 2]}"), "13:60 MTL215"],
  ["the likeliest of two", with_("kind: classification", "kind: binary, metrics: [{top: 3}]"), "7:55 MTL205"],
  ["columns of a class", with_("column: Species, kind", "columns: [Species, Sex], kind"), "7:13 MTL250"],
  ["pixels to ignore without pixels", with_("kind: regression", "ignore: 3, kind: regression"), "8:33 MTL250"],
  ["a column and columns", with_("kind: regression", "columns: [a, b], kind: regression"), "8:10 MTL251"],
  [
    "columns and a separator",
    with_("column: Species, kind: classification", "columns: [a, b], separator: ';', kind: multi-label"),
    "7:30 MTL251",
  ],
  ["three classes for two", with_("kind: classification", "kind: binary, classes: [a, b, c]"), "7:53 MTL252"],
  ["the direction of one number", with_("column: Body Mass (g), kind", "columns: [Body Mass (g)], loss: cosine, kind"), "8:42 MTL252"],
  [
    "a loss below 0",
    with_("{method: mgda, normalize: l2}", "geometric").replace("kind: regression", "loss: gaussian, kind: regression"),
    "8:39 MTL253",
  ],
  [
    "class weights of another length",
    with_("kind: classification", "classes: [a, b], loss: {cross-entropy: {classWeights: [1, 2, 3]}}, kind: classification"),
    "7:84 MTL254",
  ],
  [
    "a weight for no class",
    with_("kind: classification", "classes: [a, b], loss: {focal: {classWeights: {c: 2}}}, kind: classification"),
    "7:77 MTL254",
  ],
  ["a class twice", with_("kind: classification", "classes: [a, b, a], kind: classification"), "7:46 MTL212"],
  ["softmax at the end of a head", with_("{units: 16}", "{units: 16, activation: softmax}"), "16:44 MTL216"],
];

describe("a broken file", () => {
  test.each(cases)("%s", (_what, text, ...expected) => {
    const { diagnostics, experiment } = parseExperiment(text);
    const found = diagnostics.map(({ code, range, fixes }) => {
      const repair = fixes.find(({ preferred }) => preferred);
      return `${range.start.line + 1}:${range.start.column + 1} ${code}${repair === undefined ? "" : ` → ${repair.replacement}`}`;
    });
    expect(found).toEqual(expected);
    expect(experiment === undefined).toBe(diagnostics.some(({ severity }) => severity === "error"));
  });

  test("has a case here for every check of the file itself", () => {
    const shown = new Set(
      cases.flatMap(([, , ...findings]) => findings.map((finding) => finding.slice(finding.indexOf("MTL")).slice(0, 6))),
    );
    const known = Object.keys(checks).filter((code) => /^MTL[012]/.test(code));
    expect(known.filter((code) => !shown.has(code))).toEqual([]);
  });
});

describe("a file made to break the check", () => {
  const pair = (name: string) => `[*${name}, *${name}]`;
  const doubling = ["a0: &a0 [1]", ...Array.from({ length: 400 }, (_, i) => `a${i + 1}: &a${i + 1} ${pair(`a${i}`)}`)].join("\n");

  test("an alias bomb can be hovered and completed anywhere", () => {
    for (const offset of [0, doubling.length >> 1, doubling.length]) {
      hoverAt(doubling, offset);
      completionsAt(doubling, offset);
    }
    expect(parseExperiment(doubling).diagnostics.map(({ code }) => code)).toEqual(["MTL008"]);
  });

  test("two thousand heads for two thousand other tasks are told, and the tasks not listed each time", () => {
    const many = (of: string) => Array.from({ length: 2000 }, (_, i) => `${of}${i}`);
    const tasks = many("task").map((id) => `  ${id}: {kind: regression}`);
    const heads = many("head").map((id) => `    ${id}: []`);
    const text = ["name: a", "data: {file: a.csv, inputs: [a]}", "tasks:", ...tasks, "model:", "  trunk: [flatten]", "  heads:", ...heads];
    const foreign = parseExperiment(text.join("\n")).diagnostics.filter(({ code }) => code === "MTL204");
    expect(foreign).toHaveLength(2000);
    expect(foreign.at(-1)?.message).toContain("and 1988 more");
  });

  test.each([
    with_("mgda", "m".repeat(900_000)),
    with_("conv2d:", `${"c".repeat(900)}:`),
    with_("training:", `${"t".repeat(900)}:`),
    with_("mass: {c", `${"m".repeat(900)}.: {c`),
  ])("a word without end is not repeated to the end (%#)", (text) => {
    const { diagnostics } = parseExperiment(text);
    expect(diagnostics.length).toBeGreaterThan(0);
    for (const { message } of diagnostics) expect(message.length).toBeLessThan(700);
  });

  test("what every object has is no key, layer, balancer or optimizer, and may be a task", () => {
    for (const word of ["constructor", "toString", "hasOwnProperty"]) {
      expect(parseExperiment(with_("species: {c", `${word}: {c`).replace("species: []", `${word}: []`)).diagnostics).toEqual([]);
      const codes = [`${word}: 1\n${penguins}`, with_("- flatten", `- ${word}`), with_("mgda", word), with_("{adam:", `{${word}:`)].map(
        (text) => parseExperiment(text).diagnostics.map(({ code }) => code),
      );
      expect(codes).toEqual([["MTL101"], ["MTL120"], ["MTL110"], ["MTL130"]]);
    }
  });
});

describe("a message", () => {
  test.each([
    [with_("epochs: 50", "epoch: 50"), "There is no key `epoch` in `training`. Did you mean `epochs`?"],
    [with_("epochs: 50", 'epochs: "50"'), '`epochs` must be a number, but is the text "50".'],
    [with_("batchSize: 32", "batchSize: 0"), "`batchSize` must be at least 1, but is 0."],
    [with_("[3, 3]", "wide"), '`kernelSize` must be a number or a list, but is the text "wide".'],
    [with_("{units: 16}", "{}"), "The argument `units` of the layer `dense` is missing. Add it."],
    [with_("mgda", "mdga"), "There is no balancer `mdga`. Did you mean `mgda`?"],
    [with_("normalize: l2", "colour: l2"), "There is no option `colour` of the balancer `mgda`. There are: normalize, applyTo, scale."],
    [with_("- flatten", "- dropout: {rate: 1}"), "`rate` must be below 1, but is 1."],
  ])("says what is wrong and what to do (%#)", (text, message) => {
    expect(parseExperiment(text).diagnostics.map((each) => each.message)).toEqual([message]);
  });
});
