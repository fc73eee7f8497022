import { describe, expect, test } from "vitest";
import { balancerCatalogue } from "../../../src/balancers/catalogue.ts";
import { completionsAt, type Completion, type KnownColumn } from "../../../src/experiment/completion.ts";
import { hoverAt } from "../../../src/experiment/hover.ts";
import { metricNames } from "../../../src/experiment/metrics.ts";
import { layerCatalogue } from "../../../src/experiment/layers.ts";
import { parseExperiment } from "../../../src/experiment/parse.ts";
import { optimizerOptions } from "../../../src/experiment/optimizer-schema.ts";
import { trainingSchema } from "../../../src/experiment/schema.ts";
import { taskKindNames } from "../../../src/experiment/task-kinds.ts";
import { penguinsWith } from "./penguins.ts";

/** Completions where the text has `|`. */
function completed(marked: string, columns: readonly (string | KnownColumn)[] = []): readonly Completion[] {
  const known = columns.map((column) => (typeof column === "string" ? { name: column } : column));
  return completionsAt(marked.replace("|", ""), marked.indexOf("|"), known);
}

function labels(marked: string, columns?: readonly (string | KnownColumn)[]): readonly string[] {
  return completed(marked, columns).map(({ label }) => label);
}

function hovered(marked: string): string | undefined {
  return hoverAt(marked.replace("|", ""), marked.indexOf("|"))?.markdown;
}

const tasks = "tasks:\n  species: {column: Species, kind: classification}\n  mass: {kind: regression}\n";
const balancers = balancerCatalogue.map(({ id }) => id);
const layers = layerCatalogue.map(({ name }) => name);

describe("completion", () => {
  test.each([
    ["an empty file", "|", ["name", "description", "data", "tasks", "model", "balancer", "optimizer", "training", "track"]],
    [
      "a half-typed key above others",
      "name: x\nmo|\ntasks: {}",
      ["description", "data", "model", "balancer", "optimizer", "training", "track"],
    ],
    ["a key in the middle of a broken file", "name: [\ntraining:\n  |", []],
    ["behind a key without value", "balancer: |", balancers],
    ["behind a half-typed value", "name: a\nbalancer: mg|\ntraining: {}", balancers],
    ["a balancer's braces", "balancer: {|", ["method"]],
    ["a method in braces that are not closed", "balancer: {method: |", balancers],
    ["a balancer's options", "balancer: {method: mgda, |}", ["normalize", "applyTo", "scale"]],
    ["a balancer's options, in lines", "balancer:\n  method: mgda\n  |", ["normalize", "applyTo", "scale"]],
    ["an option's values", "balancer: {method: mgda, normalize: |}", ["none", "l2", "loss", "loss+"]],
    ["optimizers in braces", "optimizer: {|}", Object.keys(optimizerOptions)],
    ["an optimizer's options", "optimizer: {adam: {beta1: 0.9, l|", ["learningRate", "beta2", "epsilon", "weightDecay", "decayed"]],
    [
      "an optimizer's options, in lines",
      "optimizer:\n  sgd:\n    |\nname: x",
      ["learningRate", "momentum", "nesterov", "weightDecay", "decayed"],
    ],
    [
      "training, behind other keys",
      "training:\n  epochs: 3\n  seed: 1\n  |",
      Object.keys(trainingSchema.shape).filter((key) => !["epochs", "seed"].includes(key)),
    ],
    ["schedules", "training: {schedule: |}", ["constant", "linear", "cosine"]],
    ["shapes of a schedule", "training: {schedule: {|}}", ["step", "exponential", "cosine", "linear", "polynomial", "warmup"]],
    ["options of a schedule", "training:\n  schedule:\n    step:\n      |", ["every", "factor", "unit"]],
    ["a phase's keys", "training: {phases: [{|}]}", ["name", "until", "train", "balancer", "optimizer", "learningRate", "schedule"]],
    [
      "a phase's keys, in lines",
      "training:\n  phases:\n    - name: a\n      un|",
      ["until", "train", "balancer", "optimizer", "learningRate", "schedule"],
    ],
    ["a phase's end", "training: {phases: [{until: |}]}", ["plateau"]],
    ["a phase's balancer", "training: {phases: [{balancer: |}]}", balancers],
    ["a phase's balancer in braces", "training: {phases: [{balancer: {|", ["method"]],
    ["an option of a phase's balancer", "training: {phases: [{balancer: {method: mgda, |}}]}", ["normalize", "applyTo", "scale"]],
    ["truth values", "track: {snapshots: |}", ["true", "false"]],
    ["a key's default", "training: {batchSize: |}", ["32"]],
    ["batches of a step", "training: {seed: 1, accumulate: |}", ["1"]],
    ["arguments of a layer", "model:\n  trunk:\n    - leakyReLU: {|}", ["alpha", "name", "trainable"]],
    ["arguments of a layer, in lines", "model:\n  trunk:\n    - leakyReLU:\n        |", ["alpha", "name", "trainable"]],
    ["an argument's values", "model:\n  trunk: [{conv2d: {filters: 3, padding: |}}]", ["valid", "same"]],
    ["heads, named after the tasks", `${tasks}model:\n  heads:\n    mass: []\n    |`, ["species"]],
    ["encoders, named after the inputs", "data: {inputs: {where: [lat], what: []}}\nmodel:\n  inputs:\n    where: []\n    |", ["what"]],
    ["the encoder of a list of columns", "data: {inputs: [lat]}\nmodel:\n  inputs:\n    |", ["table"]],
    ["a task's kind", "tasks:\n  a:\n    kind: |", [...taskKindNames]],
    ["metrics", "tasks: {a: {metrics: [|]}}", [...metricNames, "top"]],
    ["metrics that fit", "tasks: {a: {kind: ordinal, metrics: [|]}}", ["accuracy", "balanced-accuracy", "f1", "kappa", "mae"]],
    [
      "losses that fit",
      "tasks:\n  a:\n    kind: regression\n    loss: |",
      ["mse", "mae", "huber", "cosine", "gaussian", "huber with options"],
    ],
    ["a loss's options", "tasks: {a: {kind: regression, loss: {huber: {|}}}}", ["delta"]],
    ["losses in braces", "tasks: {a: {kind: binary, loss: {|}}}", ["focal", "binary-cross-entropy"]],
    [
      "keys of a task, without those of other kinds",
      "tasks:\n  a:\n    kind: segmentation\n    |",
      ["column", "classes", "ignore", "loss", "metrics", "weight"],
    ],
    ["keys of a table", "data:\n  file: x.csv\n  |", ["inputs", "missing", "memory", "augment", "split"]],
    ["several sources", "data:\n  sources: {}\n  |", ["schedule"]],
    [
      "a source of a table",
      "data:\n  sources:\n    birds:\n      file: x.csv\n      |",
      ["inputs", "missing", "memory", "augment", "split", "tasks"],
    ],
    ["a source of a data set", "data: {sources: {digits: {dataset: multi-mnist, tasks: [left], |}}}", ["pairs", "augment", "split"]],
    ["schedules", "data:\n  sources: {}\n  schedule: |", ["mixed", "alternate"]],
    ["keys of a schedule", "data: {sources: {}, schedule: {batches: alternate, |}}", ["order", "shares", "temperature"]],
    ["keys of another schedule", "data: {sources: {}, schedule: {batches: mixed, |}}", ["shares", "temperature"]],
    ["values of a schedule", "data: {sources: {}, schedule: {batches: alternate, order: |}}", ["round-robin", "random"]],
    ["shares of sources", "data: {sources: {a: {}, b: {}}, schedule: {batches: mixed, shares: {a: 1, |}}}", ["b"]],
    ["words for shares", "data: {sources: {a: {}}, schedule: {batches: mixed, shares: |}}", ["rows", "equal", "root"]],
    ["encoders of all sources' inputs", "data: {sources: {a: {inputs: {w: x, v: [y]}}}}\nmodel: {inputs: {w: [], |}}", ["v"]],
    ["tasks that no source has", `${tasks}data: {sources: {a: {tasks: [mass]}, b: {tasks: [|]}}}`, ["species"]],
    ["tasks that no source has, in lines", `${tasks}data:\n  sources:\n    b:\n      tasks:\n        - |`, ["species", "mass"]],
    ["a comment", "name: x # |", []],
    ["a free text", "description: some | words", []],
    ["a value that any text can be", "name: |", []],
  ])("offers what fits: %s", (_where, text, expected) => {
    expect(labels(text)).toEqual(expected);
  });

  test.each([
    ["a list of lines", "model:\n  trunk:\n    - |"],
    ["a half-typed item", "model:\n  trunk:\n    - den|\n    - flatten"],
    ["brackets", "model: {trunk: [dense, |"],
    ["braces in a list", "model:\n  trunk: [{|}]"],
    ["a new line below an item", "model:\n  trunk:\n    - flatten\n    |\n"],
    ["a head", `${tasks}model:\n  heads:\n    mass: [|]`],
  ])("offers every layer in %s", (_where, text) => {
    expect(new Set(labels(text))).toEqual(new Set(layers));
  });

  test("offers the table's columns, in quotes where YAML needs them", () => {
    const offers = completed(`${tasks}data: {inputs: [Sex, |]}`, ["Body Mass (g)", "a: b"]);
    expect(offers.map(({ snippet }) => snippet)).toEqual(["Body Mass (g)", '"a: b"']);
    expect(labels("tasks: {a: {column: Bo|}}", ["Body Mass (g)"])).toEqual(["Body Mass (g)"]);
    expect(labels("data: {inputs: {where: [lat, |]}}", ["lon"])).toEqual(["lon"]);
    expect(labels("data:\n  inputs:\n    where:\n      - |", ["lon"])).toEqual(["lon"]);
    expect(labels("data: {inputs: {where: |}}", ["lon"])).toEqual(["lon"]);
    expect(labels("tasks: {a: {columns: [x, |]}}", ["Body Mass (g)"])).toEqual(["Body Mass (g)"]);
    expect(labels("data: {sources: {a: {inputs: [lat, |]}}}", ["lon"])).toEqual(["lon"]);
    expect(labels("data:\n  sources:\n    a:\n      inputs:\n        where:\n          - |", ["lon"])).toEqual(["lon"]);
  });

  test("offers the columns of the source that is written about, and those of all where it is about none", () => {
    const columns = [{ name: "x", source: "a" }, { name: "y", source: "b" }, { name: "x", source: "b" }]; // prettier-ignore
    const whole = (a: string, task: string, own = "t") =>
      `data: {sources: {a: {inputs: [${a}], tasks: [u]}, b: {inputs: [x], tasks: [${own}]}}}\ntasks: {t: {column: ${task}}, u: {}}`;
    expect(labels(whole("|", "y"), columns)).toEqual(["x"]);
    expect(labels(whole("x", "|"), columns)).toEqual(["y", "x"]);
    expect(labels(whole("x", "|", "other"), columns)).toEqual(["x", "y"]);
    expect(labels("data: {inputs: [|]}", columns)).toEqual(["x", "y"]);
  });

  test("writes a layer as its place asks", () => {
    const snippet = (text: string) => completed(text).find(({ label }) => label === "dense")?.snippet;
    expect(snippet("model:\n  trunk:\n    - |")).toBe("dense: {units: $1}");
    expect(snippet("model:\n  trunk:\n    |")).toBe("- dense: {units: $1}");
    expect(snippet("model: {trunk: [|]}")).toBe("{dense: {units: $1}}");
  });

  test("keeps the colon that is there, and replaces the whole word", () => {
    const [offer] = completed("training:\n  epo|chs: 3\n");
    expect(offer?.snippet).toBe("epochs");
    expect(offer?.range).toEqual({ start: { line: 1, column: 2 }, end: { line: 1, column: 8 } });
  });

  test("tells of each balancer its paper and provenance", () => {
    const adatask = completed("balancer: |").find(({ label }) => label === "adatask");
    expect(adatask?.markdown).toContain("arxiv.org/abs/2211.15055");
    expect(adatask?.markdown).toContain("Equations from the paper and the authors' code.");
  });
});

describe("a section with nothing under it yet", () => {
  const heads = "  heads:\n    species: []\n    mass: [{dense: {units: 16}}]\n";

  test.each([
    ["training", "training: {epochs: 50, batchSize: 32, seed: 0}\n", "training:\n", "training: {}\n"],
    ["training, as null", "training: {epochs: 50, batchSize: 32, seed: 0}\n", "training: ~ # later\n", "training: {}\n"],
    ["track", "training: {", "track:\n  # nothing\ntraining: {", "training: {"],
    ["balancer", "balancer: {method: mgda, normalize: l2}\n", "balancer:\n", "balancer: equal\n"],
    ["optimizer", "optimizer: {adam: {learningRate: 1e-3}}\n", "optimizer:\n", "optimizer: adam\n"],
    ["an optimizer's options", "{adam: {learningRate: 1e-3}}", "\n  adam:", "{adam: {}}"],
    ["split", "  split: {validation: 0.15, test: 0.15}\n", "  split:\n", ""],
    ["heads", heads, "  heads:\n", ""],
    ["one head", heads, "  heads:\n    species:\n    mass:\n", "  heads: {species: [], mass: []}\n"],
    ["metrics", ", metrics: [rmse, r2]", ", metrics: ", ""],
    ["schedule", "seed: 0}", "schedule: }", "seed: 0}"],
    ["clip", "seed: 0}", "clip: }", "seed: 0}"],
    ["phases", "seed: 0}", "phases: }", "seed: 0}"],
    ["earlyStopping", "seed: 0}", "earlyStopping: }", "earlyStopping: {}}"],
    ["a schedule's options", "seed: 0}", "schedule: {cosine: }}", "schedule: {cosine: {}}}"],
    ["a loss's options", "kind: regression,", "loss: {huber: }, kind: regression,", "loss: {huber: {}}, kind: regression,"],
  ])("means what it means when it is left out: %s", (_what, passage, empty, same) => {
    const given = parseExperiment(penguinsWith(passage, empty));
    expect(given.diagnostics).toEqual([]);
    expect(given.experiment).toEqual(parseExperiment(penguinsWith(passage, same)).experiment);
    expect(given.experiment).toBeDefined();
  });

  test.each([
    ["training", "training:\n  |", ["epochs", "batchSize", "accumulate", "seed"]],
    ["training, beside the key", "training: {|", ["epochs", "batchSize", "seed"]],
    ["track", "track:\n  |\nname: a", ["every", "decay", "snapshots"]],
    ["split", "data:\n  file: a.csv\n  split:\n    |\n", ["validation", "test", "seed"]],
    ["heads", `${tasks}model:\n  trunk: [flatten]\n  heads:\n    |\n`, ["species", "mass"]],
    ["an optimizer", "optimizer:\n  adam:\n    |", ["learningRate", "beta1"]],
  ])("offers its keys: %s", (_what, text, expected) => {
    expect(labels(text)).toEqual(expect.arrayContaining(expected));
  });
});

describe("hover", () => {
  test.each([
    [
      "a key",
      "training: {epo|chs: 3}",
      ["**epochs**", "Passes over the training rows.", "A whole number, at least 1 and at most 1000000. Default: `20`."],
    ],
    ["a value", "training: {epochs: |3}", ["**epochs**"]],
    [
      "the choice of a head's gradient",
      "training: {he|ads: auto}",
      ["**heads**", "their objective is the weighted sum", "Default: `auto`"],
    ],
    ["a section", "mod|el: {trunk: [flatten]}", ["**model**", "a trunk that all tasks share"]],
    [
      "a balancer",
      "balancer: mg|da",
      [
        "**MGDA** (`mgda`)",
        "arxiv.org/abs/1810.04650",
        "Equations from the paper and the authors' code.",
        "Passes a step: K backward",
        "`normalize`",
      ],
    ],
    ["a balancer in braces", "balancer: {method: adata|sk}", ["**AdaTask**", "Works with adam, adamw, rmsprop, adagrad."]],
    ["a balancer's option", "balancer: {method: mgda, norm|alize: l2}", ["**normalize**", "Default: `none`"]],
    ["a layer with arguments", "model: {trunk: [{den|se: {units: 3}}]}", ["**dense**", "`units` (a whole number, at least 1", "needed"]],
    ["a layer by its name", "model: {trunk: [flat|ten]}", ["**flatten**"]],
    ["a layer of a head", "model: {heads: {a: [{dro|pout: {rate: 0.5}}]}}", ["**dropout**", "`rate`"]],
    ["a layer's argument", "model: {trunk: [{conv2d: {kernel|Size: 3}}]}", ["**kernelSize**", "Size of the window"]],
    ["a kind of task", "tasks: {a: {kind: ordi|nal}}", ["**ordinal**", "have an order", "Loss: `ordinal-cross-entropy`"]],
    ["a loss", "tasks: {a: {loss: hub|er}}", ["**huber**", "½ (z − y)²", "`delta`"]],
    ["a loss with options", "tasks: {a: {loss: {fo|cal: {gamma: 1}}}}", ["**focal**", "arXiv 1708.02002", "`gamma`"]],
    ["a loss's option", "tasks: {a: {loss: {focal: {gam|ma: 1}}}}", ["**gamma**", "How much less"]],
    ["a metric", "tasks: {a: {metrics: [au|c]}}", ["**auc**", "ROC", "not on the batches trained on"]],
    ["a key of a task", "tasks: {a: {lo|ss: mse}}", ["**loss**", "averaged over the rows"]],
    ["an optimizer", "optimizer: {ad|am: {}}", ["`learningRate`", "default `0.001`"]],
    ["a phase's balancer", "training: {phases: [{balancer: mg|da}]}", ["**MGDA** (`mgda`)"]],
    ["a phase's end", "training: {phases: [{un|til: plateau}]}", ["**until**", "the first counts"]],
    ["a schedule", "training: {schedule: {cos|ine: {}}}", ["**cosine**", "half a cosine"]],
    ["a file with errors", "training: {epo|chs: 3\nname: [", ["**epochs**"]],
  ])("explains %s", (_what, text, parts) => {
    const markdown = hovered(text);
    for (const part of parts) expect(markdown).toContain(part);
  });

  test.each([
    ["blank space", "name: x\n|\n"],
    ["a comment", "name: x # com|ment"],
    ["an unknown key", "colo|ur: red"],
  ])("says nothing of %s", (_what, text) => {
    expect(hovered(text)).toBeUndefined();
  });

  test("has words for every layer and every balancer", () => {
    for (const name of layers) expect(hovered(`model: {trunk: [{|${name}: {}}]}`)).toContain(`**${name}**`);
    for (const id of balancers) expect(hovered(`balancer: |${id}`)).toContain(`(\`${id}\`)`);
  });
});
