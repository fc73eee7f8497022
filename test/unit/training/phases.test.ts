import { describe, expect, test } from "vitest";
import { planTraining } from "../../../src/training/phases/plan.ts";
import type { Training } from "../../../src/training/training.ts";
import { ListRecorder, neverStop, syntheticExperiment } from "./synthetic.ts";
import { temporaryTrainings } from "./temporary-trainings.ts";

const trainings = temporaryTrainings();

type Settings = Record<string, unknown>;

const base = { epochs: 6, batchSize: 16, seed: 1, backend: "wasm" };

/** Four steps an epoch. */
function open(phases: readonly Settings[] | undefined, changes: Settings = {}, training: Settings = {}): Training {
  return trainings.open({
    optimizer: { adam: { learningRate: 0.02 } },
    training: { ...base, ...training, ...(phases === undefined ? {} : { phases }) },
    track: { every: 1 },
    ...changes,
  });
}

async function run(training: Training, onStep: () => void = () => undefined): Promise<ListRecorder> {
  const recorder = new ListRecorder();
  const control = {
    ...neverStop,
    stopRequested: () => {
      onStep();
      return false;
    },
  };
  await trainings.loop(training, recorder, control).run();
  return recorder;
}

function valuesOf({ everything }: Training): Record<string, readonly number[]> {
  return Object.fromEntries(everything.map(({ name, values }) => [name, [...values]]));
}

function stepsOf(recorder: ListRecorder, series: string): readonly number[] {
  return recorder.points.get(series)?.map(({ step }) => step) ?? [];
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i);

describe("the plan", () => {
  const plan = (phases: readonly Settings[], more: Settings = {}) =>
    planTraining(syntheticExperiment({ training: { epochs: 10, phases, ...more } }), 4);

  test("of a training without phases is one that trains everything to the end", () => {
    const { phases, steps } = planTraining(syntheticExperiment({ training: { epochs: 10 } }), 4);
    expect(steps).toBe(40);
    expect(phases).toMatchObject([{ name: undefined, steps: Infinity, train: undefined, balancerEpochs: 10 }]);
  });

  test("counts epochs, parts of them, and steps; the first end counts", () => {
    const { phases, steps } = plan([
      { name: "a", until: { epochs: 2 } },
      { name: "b", until: { epochs: 0.5 } },
      { name: "c", until: { steps: 3, epochs: 1 } },
      { name: "d", until: { epochs: 1, plateau: { patience: 3 } } },
      { name: "e", until: "plateau" },
    ]);
    expect(phases.map((phase) => phase.steps)).toEqual([8, 2, 3, 4, Infinity]);
    expect(phases.map(({ plateau }) => plateau?.patience)).toEqual([undefined, undefined, undefined, 3, 10]);
    expect(steps).toBe(40);
  });

  test("ends with the last phase, and with the training at the latest", () => {
    expect(
      plan([
        { name: "a", until: { epochs: 3 } },
        { name: "b", until: { epochs: 2 } },
      ]).steps,
    ).toBe(20);
    expect(plan([{ name: "a", until: { epochs: 30 } }]).steps).toBe(40);
  });

  test("tells each balancer for how many epochs it will be asked, phases in a row with the same one together", () => {
    const { phases } = plan([
      { name: "a", until: { epochs: 2 }, balancer: "mgda" },
      { name: "b", until: { epochs: 3 }, balancer: { method: "mgda", normalize: "none" } },
      { name: "c", until: { steps: 2 }, balancer: { method: "mgda", normalize: "l2" } },
      { name: "d" },
    ]);
    expect(phases.map(({ balancerEpochs }) => balancerEpochs)).toEqual([5, 5, 1, 5]);
    expect(phases[0]?.method).toBe(phases[1]?.method);
  });
});

test("one phase over everything is the training without phases, bit for bit", async () => {
  const plain = open(undefined, { balancer: "uncertainty" });
  const phased = open([{ name: "all", train: ["*"] }], { balancer: "uncertainty" });
  expect((await run(phased)).numbers()).toEqual((await run(plain)).numbers());
  expect(valuesOf(phased)).toEqual(valuesOf(plain));
});

describe("a phase that trains a part", () => {
  const halves = [
    { name: "heads", until: { epochs: 2 }, train: ["heads"] },
    { name: "second layer", until: { epochs: 2 }, train: ["dense2.*", "heads"] },
    { name: "all" },
  ];

  test("moves that part alone, and says so", async () => {
    const training = open(halves);
    const seen: Record<string, readonly number[]>[] = [];
    const recorder = await run(training, () => seen.push(valuesOf(training)));
    const moved = (from: number, to: number) =>
      Object.keys(seen[from] ?? {}).filter((name) => String(seen[from]?.[name]) !== String(seen[to]?.[name]));
    const heads = ["kind.output.bias", "kind.output.kernel", "size.output.bias", "size.output.kernel"];
    expect(moved(0, 8).toSorted()).toEqual(heads);
    expect(moved(8, 16).toSorted()).toEqual(["dense2.bias", "dense2.kernel", ...heads]);
    expect(moved(16, 23)).toHaveLength(8);
    const told = recorder.events.filter(({ detail }) => detail?.["phase"] !== undefined);
    expect(told.map(({ kind, step, message }) => [kind, step, message])).toEqual([
      ["note", 0, "Phase 1 of 3, heads: trains 4 of 8 parameters with Equal weights and adam."],
      ["note", 8, "Phase 2 of 3, second layer: trains 6 of 8 parameters with Equal weights and adam."],
      ["note", 16, "Phase 3 of 3, all: trains all parameters with Equal weights and adam."],
    ]);
  });

  test("leaves the frozen part out of what is measured, steps going on as ever", async () => {
    const training = open(halves);
    const recorder = await run(training);
    expect(stepsOf(recorder, "loss/kind")).toEqual(range(1, 24));
    expect(stepsOf(recorder, "cosine/kind/size")).toEqual(range(9, 24));
    expect(stepsOf(recorder, "layer-cosine/dense1/kind/size")).toEqual(range(17, 24));
    expect(stepsOf(recorder, "dominance/dense2.kernel/kind")).toEqual(range(9, 24));
    expect(stepsOf(recorder, "dominance/dense1.kernel/kind")).toEqual(range(17, 24));
    expect(recorder.snapshots.map(({ maps }) => maps.length)).toEqual([2, 2, 4, 4]);
    expect(training.description.parameters.every(({ reach }) => reach !== "frozen")).toBe(true);
  });

  test("is never in the ownership table where it never trains", async () => {
    const training = open([{ name: "upper", train: ["dense2", "heads"] }]);
    const recorder = new ListRecorder();
    const { result } = await trainings.loop(training, recorder).run();
    expect(Object.keys(result.dominance.parameters)).toEqual(["dense2.kernel", "dense2.bias"]);
    const frozen = training.description.parameters.filter(({ reach }) => reach === "frozen");
    expect(frozen.map(({ name }) => name)).toEqual(["dense1.kernel", "dense1.bias"]);
  });

  test("takes no gradient of the rest: the walk ends where nothing trains", () => {
    const training = open([{ name: "heads", train: ["heads"] }], { balancer: "mgda" });
    expect(training.parameters.common).toEqual([]);
    expect(training.parameters.owned.map(({ name }) => name)).toHaveLength(4);
  });

  test("keeps the statistics of a frozen normalisation, and uses them", async () => {
    const model = { trunk: [{ dense: { units: 6, activation: "tanh" } }, "batchNormalization"] };
    const normalised = open([{ name: "heads", until: { epochs: 1 }, train: ["heads"] }, { name: "all" }], { model });
    const statistics = () => normalised.model.statistics.map(({ variable }) => [...variable.dataSync()]);
    const seen: unknown[] = [];
    await run(normalised, () => seen.push(statistics()));
    expect(seen[4]).toEqual(seen[0]);
    expect(seen[5]).not.toEqual(seen[4]);
  });

  test("must be of the network", () => {
    expect(() => open([{ name: "a", train: ["dens2"] }])).toThrow(/phase a .*"dens2".*dense1, dense2, kind\.output, size\.output/);
  });
});

describe("what a phase remembers of the one before", () => {
  const slotsOf = (training: Training) => Object.fromEntries([...training.stepper.slots()].map(([name, { count }]) => [name, count]));

  test("is what its optimizer has, where the rules are the same; other rates and decays are no other rules", async () => {
    const training = open([
      { name: "a", until: { epochs: 1 }, train: ["dense2", "heads"] },
      { name: "b", until: { epochs: 1 }, learningRate: 0.001 },
      { name: "c", optimizer: { adamw: { learningRate: 0.5 } } },
    ]);
    await run(training);
    expect(slotsOf(training)).toMatchObject({ "dense2.kernel": 24, "dense1.kernel": 20, "size.output.bias": 24 });
  });

  test("is nothing of an optimizer with other rules", async () => {
    const training = open([
      { name: "a", until: { epochs: 1 } },
      { name: "b", until: { epochs: 1 }, optimizer: { adam: { beta1: 0.8 } } },
      { name: "c", optimizer: { sgd: { momentum: 0.9 } } },
    ]);
    const counts: unknown[] = [];
    await run(training, () => counts.push(slotsOf(training)["dense1.kernel"]));
    expect([counts[3], counts[4], counts[5], counts[8], counts[9]]).toEqual([3, 0, 1, 0, 1]);
  });

  test("is what its balancer has, where method and options are the same", async () => {
    const phases = (second: unknown) => [
      { name: "a", until: { epochs: 1 } },
      { name: "b", balancer: second },
    ];
    const states = async (second: unknown) => {
      const training = open(phases(second), { balancer: "uncertainty" });
      const seen: string[] = [];
      await run(training, () => seen.push(JSON.stringify(training.stepper.remembered.state)));
      return { seen, fresh: JSON.stringify(training.phase.balancer.start()) };
    };
    const same = await states({ method: "uncertainty" });
    expect(same.seen[4]).not.toBe(same.fresh);
    const other = await states({ method: "uncertainty", learningRate: 0.5 });
    expect(other.seen[3]).toBe(same.seen[3]);
    expect(other.seen[4]).toBe(other.fresh);
    expect(other.seen[5]).not.toBe(other.fresh);
  });

  test("is no vector over other parameters: a method that keeps such begins anew", async () => {
    const training = open([{ name: "a", until: { epochs: 1 }, train: ["dense2", "heads"] }, { name: "b" }], { balancer: "moco" });
    await run(training);
    expect(training.phase.start).toEqual({ step: 4, balancer: 4 });
    const stays = open([{ name: "a", until: { epochs: 1 } }, { name: "b" }], { balancer: "moco" });
    await run(stays);
    expect(stays.phase.start).toEqual({ step: 4, balancer: 0 });
  });

  test("a fresh balancer counts steps and epochs from its phase on", async () => {
    // Chebyshev's warm-up and DWA's first epochs go by what they are told; the first step of a phase is step 0 of epoch 0.
    const first = open(undefined, { balancer: "dwa" }, { epochs: 3 });
    const later = open([
      { name: "a", until: { epochs: 3 } },
      { name: "b", balancer: "dwa" },
    ]);
    const weights = (recorder: ListRecorder, from: number) =>
      recorder.points
        .get("weight/kind")
        ?.filter(({ step }) => step > from && step <= from + 8)
        .map(({ values: [weight] }) => weight);
    // Without two epochs behind it, DWA weighs evenly.
    expect(weights(await run(first), 0)).toEqual(Array.from({ length: 8 }, () => 1));
    expect(weights(await run(later), 12)).toEqual(Array.from({ length: 8 }, () => 1));
  });
});

test("a phase has a learning rate and a schedule of its own; without, that of the training goes on", async () => {
  const training = open(
    [
      { name: "a", until: { steps: 4 }, schedule: "linear" },
      { name: "b", until: { steps: 4 }, learningRate: 1 },
      { name: "c", optimizer: { sgd: { learningRate: 0.5 } }, schedule: { warmup: { steps: 2, from: 0 } } },
    ],
    {},
    { epochs: 3, schedule: "linear" },
  );
  const recorder = await run(training);
  const rates = recorder.points.get("learning-rate")?.map(({ values: [rate] }) => rate ?? Number.NaN) ?? [];
  const expected = [0.02, 0.015, 0.01, 0.005, 8 / 12, 7 / 12, 6 / 12, 5 / 12, 0, 0.25, 0.5, 0.5];
  expect(rates).toHaveLength(12);
  rates.forEach((rate, i) => {
    expect(rate).toBeCloseTo(expected[i] ?? Number.NaN, 12);
  });
});

describe("a phase ends at a plateau", () => {
  const still = { name: "still", until: { plateau: { patience: 2 } }, learningRate: 1e-30 };

  test("counted from its own beginning, whatever was reached before", async () => {
    const recorder = await run(
      open([{ name: "a", until: { epochs: 2 } }, { ...still, train: ["heads"] }, { name: "c" }], {}, { epochs: 10 }),
    );
    const begins = recorder.events.filter(({ detail }) => detail?.["phase"] !== undefined).map(({ step }) => step);
    // The first validation of the phase is its best, and two more are waited for.
    expect(begins).toEqual([0, 8, 8 + 3 * 4]);
    expect(recorder.steps).toBe(40);
  });

  test("and the training with it, where it is the last", async () => {
    const recorder = await run(open([{ name: "a", until: { epochs: 1 } }, still], {}, { epochs: 10 }));
    expect(recorder.steps).toBe(4 + 3 * 4);
    expect([...recorder.points.keys()]).toContain("metric/test/kind/accuracy");
  });
});

test("each phase draws and balances as its own method does", async () => {
  const training = open([
    { name: "a", until: { epochs: 1 }, balancer: "modo" },
    { name: "b", until: { epochs: 1 }, balancer: "adatask" },
    { name: "c", until: { epochs: 1 }, balancer: "alternating" },
    { name: "d", balancer: "marigold" },
  ]);
  expect(training.furtherFeeds).toHaveLength(2);
  const recorder = await run(training);
  expect(recorder.steps).toBe(24);
  expect(training.description.ownership).toBe("attributed");
  expect(recorder.events.filter(({ kind }) => kind === "non-finite")).toEqual([]);
  // The further batches rest where nobody draws them: both feeds are where four steps have left them.
  expect(training.furtherFeeds.map((feed) => feed.save().numbers["position"])).toEqual([60, 60]);
});
