import { describe, expect, test } from "vitest";
import { filled, spoken } from "../../../src/analysis/finding-texts.ts";
import { findings, findingSeries } from "../../../src/analysis/findings.ts";
import type { RunDescription } from "../../../src/experiment/record.ts";
import type { Points, RunSummary } from "../../../src/runs/contract.ts";

const accuracy = [{ name: "accuracy", better: "higher", unit: "share" }] as const;
const task = (id: string) => ({ id, kind: "classification", headlineMetric: "accuracy", metrics: accuracy, classes: ["0", "1"] }) as const;
const description: RunDescription = {
  tasks: [task("left"), task("right")],
  parameters: [
    { name: "conv1.kernel", layer: "conv1", weight: "kernel", shape: [5, 5, 1, 10], size: 250, reach: "common", tasks: ["left", "right"] },
    { name: "dense1.kernel", layer: "dense1", weight: "kernel", shape: [320, 50], size: 16000, reach: "common", tasks: ["left", "right"] },
  ],
  ownership: "attributed",
  backend: "wasm",
  stepsPerEpoch: 10,
  totalSteps: 100,
  epochs: 10,
  rows: { train: 100, validation: 10, test: 10 },
};
const summary: RunSummary = {
  id: "r",
  folder: "",
  name: "r",
  experimentFile: "",
  balancer: "equal",
  seed: 0,
  status: "completed",
  reason: null,
  owner: null,
  createdAt: 0,
  startedAt: 0,
  endedAt: 0,
  heartbeatAt: 0,
  step: 100,
  epoch: 10,
  description,
  result: null,
  latest: {},
  git: null,
  versions: {},
  overrides: [],
  user: { title: null, tags: [], note: null, starred: false, archived: false },
};
const points = (values: readonly number[]): Points => ({
  steps: Float64Array.from(values, (_, i) => 10 * (i + 1)),
  values: Float64Array.from(values),
});
const calm: Record<string, Points> = {
  "metric/validation/left/accuracy": points([0.5, 0.7, 0.8, 0.9]),
  "metric/validation/right/accuracy": points([0.5, 0.7, 0.8, 0.9]),
  "gradient-norm/left": points([1, 1, 1, 1]),
  "gradient-norm/right": points([1, 1, 1, 1]),
  "dominated/left": points([0.1]),
  "dominated/right": points([0.1]),
  "dominance/conv1.kernel/left": points([0.5]),
  "dominance/conv1.kernel/right": points([0.5]),
  "dominance/dense1.kernel/left": points([0.6]),
  "dominance/dense1.kernel/right": points([0.4]),
  "conflict-rate": points([0.1, 0.2]),
};

test("a calm run has no findings, and every series that is read is named beforehand", () => {
  const asked = new Set<string>();
  const found = findings(summary, (name) => (asked.add(name), calm[name]), []);
  expect(found).toEqual([]);
  // Where gradients conflict is only asked for where they do.
  findings(summary, (name) => (asked.add(name), name === "conflict-rate" ? points([0.9]) : calm[name]), []);
  expect([...asked].sort()).toEqual([...findingSeries(description)].sort());
});

test("a layer that two of three tasks reach may be owned by one of them", () => {
  const [kernel] = description.parameters;
  if (kernel === undefined) throw new Error("no parameter");
  const three = {
    ...description,
    tasks: [task("left"), task("right"), task("other")],
    parameters: [{ ...kernel, tasks: ["right", "other"] }],
  };
  const shares = { "dominance/conv1.kernel/right": points([0.1]), "dominance/conv1.kernel/other": points([0.9]) };
  const found = findings({ ...summary, description: three }, (name) => Object.entries(shares).find(([each]) => each === name)?.[1], []);
  expect(found.map(({ code, task: owner }) => [code, owner])).toEqual([["owned-layers", "other"]]);
});

describe("each finding", () => {
  const cases: readonly (readonly [string, Record<string, Points>, string, string])[] = [
    ["owned trunk", { "dominated/left": points([0.2, 0.75]) }, "owned-trunk", "left owns 75\u202f% of the trunk"],
    [
      "owned layer",
      { "dominance/dense1.kernel/left": points([0.9]), "dominance/dense1.kernel/right": points([0.1]) },
      "owned-layers",
      "left owns dense1",
    ],
    [
      "stopped improving",
      { "metric/validation/right/accuracy": points([0.5, 0.9, 0.88, 0.87, 0.86]) },
      "stopped-improving",
      "right stopped improving at epoch 2",
    ],
    ["starved", { "gradient-norm/right": points([0.01, 0.01, 0.01, 0.01]) }, "starved", "right hardly moves the trunk"],
    ["conflict", { "conflict-rate": points([0.1, 0.1, 0.1, 0.6]) }, "conflict", "Gradients conflict in 60\u202f% of the recorded steps"],
  ];
  test.each(cases)("%s", (_, changed, code, claim) => {
    const found = findings(summary, (name) => ({ ...calm, ...changed })[name], []);
    expect(found.map((finding) => [finding.code, spoken(finding.claim)])).toEqual([[code, claim]]);
  });

  test("a conflict names the layer where it is strongest", () => {
    const cosines = { "layer-cosine/conv1/left/right": points([0.2]), "layer-cosine/dense1/left/right": points([-0.314]) };
    const [found] = findings(summary, (name) => ({ ...calm, ...cosines, "conflict-rate": points([0.6]) })[name], []);
    expect(found && spoken(found.evidence)).toMatch(/lowest between left and right in dense1 \(−0\.31\)\.$/);
    const unclear = { "layer-cosine/dense1/left/right": points([-0.01]) };
    const [vague] = findings(summary, (name) => ({ ...calm, ...unclear, "conflict-rate": points([0.6]) })[name], []);
    expect(vague && spoken(vague.evidence)).toMatch(/last quarter\.$/);
  });

  test("non-finite steps come first", () => {
    const event = { kind: "non-finite", step: 7, at: 0, message: "The loss of left is NaN." } as const;
    const found = findings(summary, (name) => ({ ...calm, "dominated/left": points([0.8]) })[name], [event, event]);
    expect(found.map(({ code }) => code)).toEqual(["non-finite", "owned-trunk"]);
    expect(found[0] && spoken(found[0].claim)).toBe("2 steps were not finite");
  });
});

test("a finding is said in the reader's language, down to the parts of a list", () => {
  const german: Record<string, string> = {
    "{0} owns {1} of the shared layers": "{1} gemeinsame Schichten gehören {0}",
    "Its mean share is {0}.": "Mittlerer Anteil: {0}.",
    "{0} of {1}": "{0} an {1}",
  };
  const owned = Object.fromEntries(
    ["conv1", "dense1"].flatMap((layer) => [
      [`dominance/${layer}.kernel/left`, points([0.9])],
      [`dominance/${layer}.kernel/right`, points([0.1])],
    ]),
  );
  const [found] = findings(summary, (name) => ({ ...calm, ...owned })[name], []);
  const say = (text: string, ...values: string[]): string => filled(german[text] ?? "not translated", ...values);
  expect(found && [spoken(found.claim, say), spoken(found.evidence, say)]).toEqual([
    "2 gemeinsame Schichten gehören left",
    "Mittlerer Anteil: 90\u202f% an conv1.kernel, 90\u202f% an dense1.kernel.",
  ]);
});

test("a run that is not described yet has nothing to say", () => {
  expect(findings({ ...summary, description: null }, () => undefined, [])).toEqual([]);
});
