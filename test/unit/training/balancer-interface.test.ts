import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  crossGramOf,
  defineBalancer,
  gradientsOf,
  gramOf,
  normsOf,
  performanceOf,
  type Balancer,
  type BalancerDefinition,
  type Demand,
  type Look,
  type Seen,
  type StepInput,
  type Vector,
} from "../../../src/balancers/balancer.ts";
import { startBackend } from "../../../src/training/backend/backend.ts";
import { makeBatch } from "../../../src/training/batches.ts";
import { CheckpointKeeper } from "../../../src/training/checkpoint-keeper.ts";
import { TrainingLoop } from "../../../src/training/training-loop.ts";
import type { StepReport } from "../../../src/training/step-report.ts";
import { inTensorScope } from "../../../src/training/tensor-scope.ts";
import { TrainingError } from "../../../src/training/training-error.ts";
import { captureState, restoreState } from "../../../src/training/training-state.ts";
import type { Training } from "../../../src/training/training.ts";
import { ListRecorder, neverStop, syntheticDataset, syntheticTraining } from "./synthetic.ts";
import { valuesOf } from "./values-of.ts";
import { pickRows } from "../../../src/training/data/memory-source.ts";

type Definition = BalancerDefinition<z.ZodRawShape>;

/** A method made here, as anybody would make one: what is not told is that of equal weights. */
function method(parts: Partial<Definition>): Balancer {
  return defineBalancer({
    id: "made-here",
    title: "Made here",
    summary: "A method of this test.",
    family: "gradients",
    needs: "losses",
    action: "combine-gradients",
    papers: [],
    provenance: "paper",
    cost: { backward: "1", forward: "1", memory: "0" },
    options: z.object({}),
    start: () => ({}),
    weigh: ({ tasks }, state) => ({ weights: tasks.map(() => 1), status: "ok", state }),
    ...parts,
  });
}

const rows = Uint32Array.from({ length: 16 }, (_, i) => i);

function step(training: Training, { track = false, further = [] }: { track?: boolean; further?: readonly Uint32Array[] } = {}): StepReport {
  const { dataset, stepper, optimizer } = training;
  const batch = (indices: Uint32Array) => makeBatch(dataset, pickRows(valuesOf(dataset.splits.train), indices));
  return inTensorScope(() => stepper.run(batch(rows), { step: 0, epoch: 0, rate: optimizer.learningRate, track }, further.map(batch)));
}

function values({ parameters }: Training): number[][] {
  return [...parameters.common, ...parameters.owned].map((parameter) => [...parameter.values]);
}

/** Runs one step with the method and gives what `weigh` was asked, and the training after it. */
function asked(parts: Partial<Definition>, changes = {}, track = false): { input: StepInput; training: Training; report: StepReport } {
  const inputs: StepInput[] = [];
  const balancer = method({
    ...parts,
    weigh: (input, state) => {
      inputs.push(input);
      return { weights: input.tasks.map(() => 1), status: "ok", state };
    },
  });
  const training = syntheticTraining({ optimizer: { sgd: { learningRate: 0.1 } }, ...changes }, syntheticDataset(), balancer);
  const report = step(training, { track });
  const [input] = inputs;
  if (input === undefined) throw new Error("The method was not asked.");
  return { input, training, report };
}

const folder = mkdtempSync(join(tmpdir(), "taskscope-balancer-"));
function dot(a: Vector = new Float32Array(), b: Vector = new Float32Array()): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return sum;
}

beforeAll(async () => {
  await startBackend("wasm");
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

describe("levels", () => {
  test.each(["last-layer", "representation"] as const)("%s: a short walk gives the norms that a tracked step measures", (level) => {
    const short = asked({ needs: "norms", level: () => level });
    const tracked = asked({ needs: "norms", level: () => level }, {}, true);
    expect(short.report.walks).toBe(1);
    normsOf(short.input).forEach((norm, i) => expect(norm).toBeCloseTo(normsOf(tracked.input)[i] ?? 0, 6));
    expect(normsOf(short.input).every((norm) => norm > 0)).toBe(true);
    for (const { training } of [short, tracked]) training.model.dispose();
  });

  test("last-layer: the norms are those of the last shared layer's own gradients", () => {
    const narrow = asked({ needs: "norms", level: () => "last-layer" });
    const whole = asked({ needs: "gradients" });
    const sizes = whole.training.parameters.common.map(({ size }) => size);
    const last = sizes.slice(-2).reduce((sum, size) => sum + size, 0);
    gradientsOf(whole.input).forEach((gradient, i) => {
      expect(normsOf(narrow.input)[i]).toBeCloseTo(Math.hypot(...gradient.slice(-last)), 5);
    });
    for (const { training } of [narrow, whole]) training.model.dispose();
  });

  test("a batch with labels for one task alone is measured by its parameters", () => {
    const dataset = syntheticDataset();
    valuesOf(dataset.splits.train).present[1]?.fill(0);
    const grams: (readonly (readonly number[])[])[] = [];
    const balancer = method({
      needs: "gram",
      level: () => "representation",
      weigh: (input, state) => {
        grams.push(gramOf(input));
        return { weights: [1], status: "ok", state };
      },
    });
    const training = syntheticTraining({}, dataset, balancer);
    step(training);
    expect(grams[0]?.[0]?.[0]).toBeGreaterThan(0);
    training.model.dispose();
  });
});

describe("the gradients themselves", () => {
  test("are those of the Gram matrix", () => {
    const whole = asked({ needs: "gradients" });
    const [a, b] = gradientsOf(whole.input);
    expect(gramOf(whole.input)[0]?.[1]).toBeCloseTo(dot(a, b), 8);
    whole.training.model.dispose();
  });

  test("vectors of the method's own are combined, and owned by the task they are given for", () => {
    const balancer = method({
      needs: "gradients",
      weigh: (input, state) => ({
        weights: [2, 0],
        rows: gradientsOf(input).map((gradient) => Float64Array.from(gradient, () => 0.5)),
        status: "ok",
        state,
      }),
    });
    const training = syntheticTraining({ optimizer: { sgd: { learningRate: 0.1 } } }, syntheticDataset(), balancer);
    const before = training.parameters.common.map((parameter) => [...parameter.values]);
    step(training, { track: true });
    training.parameters.common.forEach((parameter, index) =>
      parameter.values.forEach((value, i) => expect((before[index]?.[i] ?? 0) - value).toBeCloseTo(0.1, 6)),
    );
    expect(training.dominance.measure().trunk.mean).toEqual([1, 0]);
    training.model.dispose();
  });

  test("of one task alone cost one walk, are the same in a tracked step, and every head learns all the same", () => {
    const parts = { needs: "gradients", demand: (): Demand => ({ needs: "gradients", only: [1] }) } as const;
    const one = asked(parts);
    const tracked = asked(parts, {}, true);
    expect([one.report.walks, tracked.report.walks]).toEqual([1, 2]);
    expect(gradientsOf(one.input)).toHaveLength(1);
    gradientsOf(one.input)[0]?.forEach((value, i) => expect(value).toBeCloseTo(gradientsOf(tracked.input)[0]?.[i] ?? 0, 6));
    const fresh = syntheticTraining();
    one.training.parameters.owned.forEach((parameter, index) => {
      expect([...parameter.values]).not.toEqual([...(fresh.parameters.owned[index]?.values ?? [])]);
    });
    for (const training of [one.training, tracked.training, fresh]) training.model.dispose();
  });
});

test("a step in which a method asks for losses alone costs one walk", () => {
  const { report, training } = asked({ needs: "gram", demand: () => ({ needs: "losses" }) });
  expect(report.walks).toBe(1);
  training.model.dispose();
});

test("further batches: the method is given J₁ J₂ᵀ, and a task that is absent from one of them is absent from the step", () => {
  const dataset = syntheticDataset({ gaps: true });
  const seen: StepInput[] = [];
  const balancer = method({
    needs: "gradients",
    draws: 2,
    weigh: (input, state) => {
      seen.push(input);
      return { weights: input.tasks.map(() => 1), status: "ok", state };
    },
  });
  const training = syntheticTraining({ optimizer: { sgd: { learningRate: 1e-9 } } }, dataset, balancer);
  expect(training.furtherFeeds).toHaveLength(2);
  step(training, { further: [rows, rows] });
  const [same] = seen;
  const gram = same === undefined ? [] : gramOf(same);
  expect(same === undefined ? [] : crossGramOf(same)).toEqual(gram);
  const unlabelled = Uint32Array.from([0, 5, 10, 15]);
  const report = step(training, { further: [rows, unlabelled] });
  expect(seen[1]?.tasks).toEqual([0]);
  expect(report.weights).toEqual([1, undefined]);
  training.model.dispose();
});

describe("looks", () => {
  const noisy = { model: { trunk: [{ dense: { units: 8 } }, "batchNormalization", { dropout: { rate: 0.5 } }, { dense: { units: 6 } }] } };

  function looking(look: Look, learningRate: number): { seen: Seen; training: Training; before: number[][]; statistics: number[][] } {
    const all: Seen[] = [];
    const balancer = method({
      look: () => look,
      learn: (seen, state) => {
        all.push(seen);
        return state;
      },
    });
    // A compiled step that does not look moves the parameters where they are, and rounds otherwise.
    const changes = { ...noisy, optimizer: { sgd: { learningRate } }, training: { seed: 1, batchSize: 16, compile: false } };
    const training = syntheticTraining(changes, syntheticDataset(), balancer);
    const plain = syntheticTraining(changes);
    const before = values(training);
    step(training);
    step(plain);
    expect(values(training), "looking changes nothing of the step").toEqual(values(plain));
    const statistics = (each: Training) => each.model.statistics.map(({ variable }) => [...variable.dataSync<"float32">()]);
    expect(statistics(training), "looking moves no statistics").toEqual(statistics(plain));
    expect(training.streams.get("noise").save(), "looking draws no further masks").toEqual(plain.streams.get("noise").save());
    plain.model.dispose();
    const [seen] = all;
    if (seen === undefined) throw new Error("The method did not look.");
    return { seen, training, before, statistics: statistics(training) };
  }

  test("after the step: with hardly any step the losses are the same, so dropout used the same masks", () => {
    const { seen, training } = looking({ kind: "after-step" }, 1e-12);
    seen.looks[0]?.forEach((loss, i) => expect(loss).toBeCloseTo(seen.losses[i] ?? 0, 6));
    training.model.dispose();
  });

  test("after the step: a good step lowers the sum of the losses", () => {
    const { seen, training } = looking({ kind: "after-step" }, 0.01);
    const sum = (losses: readonly number[]) => losses.reduce((total, loss) => total + loss, 0);
    expect(sum(seen.looks[0] ?? [])).toBeLessThan(sum(seen.losses));
    training.model.dispose();
  });

  test("in a step in which the method can do without, there is no look", () => {
    const looked: number[] = [];
    const balancer = method({
      look: () => ({ kind: "after-step" }),
      demand: ({ step: index }) => ({ needs: "losses", look: index % 2 === 0 }),
      learn: (seen, state) => {
        looked.push(seen.step);
        return state;
      },
    });
    const training = syntheticTraining({}, syntheticDataset(), balancer);
    const batch = makeBatch(training.dataset, pickRows(valuesOf(training.dataset.splits.train), rows));
    for (let index = 0; index < 4; index++)
      inTensorScope(() => training.stepper.run(batch, { step: index, epoch: 0, rate: 1e-3, track: false }));
    expect(looked).toEqual([0, 2]);
    training.model.dispose();
  });

  test("along the direction: central differences add up to the squared length of the sum of the gradients", () => {
    const { seen, training } = looking({ kind: "along-direction", offsets: [1e-3, -1e-3] }, 1e-12);
    const [up = [], down = []] = seen.looks;
    const [right = 0, left = 0] = seen.distances;
    const slopes = up.map((loss, i) => (loss - (down[i] ?? 0)) / (right - left));
    expect(left).toBe(-right);
    const report = asked({ needs: "gradients" }, noisy, true);
    const [a, b] = gradientsOf(report.input);
    [a, b].forEach((gradient, i) => expect(slopes[i]).toBeCloseTo(dot(gradient, a) + dot(gradient, b), 2));
    for (const each of [training, report.training]) each.model.dispose();
  });
});

test("how well a task does: the share of right classes, and 1 ⁄ (1 + mean squared error)", () => {
  const { input, training, report } = asked({ performance: true });
  const [accuracy = 0, fit = 0] = performanceOf(input);
  const [[logits = new Float32Array(), predicted = new Float32Array()] = []] = report.outputs;
  const { targets } = valuesOf(training.dataset.splits.train);
  const classOf = (row: number) =>
    [0, 1, 2].reduce((best, c) => ((logits[row * 3 + c] ?? 0) > (logits[row * 3 + best] ?? 0) ? c : best), 0);
  expect(accuracy).toBeCloseTo([...rows].filter((row) => classOf(row) === targets[0]?.[row]).length / rows.length, 5);
  const error = [...rows].reduce((sum, row) => sum + ((predicted[row] ?? 0) - (targets[1]?.[row] ?? 0)) ** 2, 0) / rows.length;
  expect(fit).toBeCloseTo(1 / (1 + error), 4);
  training.model.dispose();
});

describe("groups of tasks", () => {
  const groups = (tasks: readonly (readonly number[])[]) =>
    method({ action: "alternate", groups: (_, state) => ({ groups: tasks, state }) });
  const changes = { optimizer: { sgd: { learningRate: 1e-4 } } };
  const moved = (training: Training, track = false): number[] => {
    const before = values(training).flat();
    step(training, { track });
    return values(training)
      .flatMap((list) => list)
      .map((value, i) => value - (before[i] ?? 0));
  };

  test("one group of all tasks is a plain step, bit for bit", () => {
    const settings = { ...changes, training: { seed: 1, batchSize: 16, compile: false } };
    const [grouped, plain] = [syntheticTraining(settings, syntheticDataset(), groups([[0, 1]])), syntheticTraining(settings)];
    expect(moved(grouped)).toEqual(moved(plain));
    for (const each of [grouped, plain]) each.model.dispose();
  });

  test("a group a task: nearly the plain step where steps are small, from a fresh forward pass each, and owned by its task", () => {
    const [grouped, plain] = [syntheticTraining(changes, syntheticDataset(), groups([[1], [0]])), syntheticTraining(changes)];
    const [a, b] = [moved(grouped, true), moved(plain, true)];
    expect(a).not.toEqual(b);
    a.forEach((value, i) => expect(Math.abs(value - (b[i] ?? 0))).toBeLessThan(1e-6));
    const [own, joint] = [grouped.dominance.measure().trunk.mean, plain.dominance.measure().trunk.mean];
    own.forEach((share, i) => expect(share).toBeCloseTo(joint[i] ?? 0, 1));
    for (const each of [grouped, plain]) each.model.dispose();
  });

  test("accumulators for every task belong to the groups too", () => {
    const balancer = method({
      action: "alternate",
      accumulators: () => "per-task",
      groups: ({ tasks }, state) => ({ groups: tasks.map((task) => [task]), state }),
    });
    const training = syntheticTraining({ optimizer: { adam: {} } }, syntheticDataset(), balancer);
    const report = step(training, { track: true });
    expect([...training.stepper.slots().keys()].some((name) => name.endsWith("@kind"))).toBe(true);
    expect(training.description.ownership).toBe("exact");
    expect(report.weights).toEqual([1, 1]);
    const fresh = syntheticTraining({ optimizer: { adam: {} } });
    const { tracked } = report;
    if (tracked === undefined || !("rows" in tracked)) throw new Error("nothing was stored");
    training.parameters.common.forEach((parameter, index) => {
      const before = fresh.parameters.common[index]?.values ?? new Float32Array();
      tracked.applied[index]?.forEach((direction, i) => {
        expect(0.001 * direction, "both groups' moves together").toBeCloseTo((before[i] ?? 0) - (parameter.values[i] ?? 0), 6);
      });
    });
    fresh.model.dispose();
    training.model.dispose();
  });

  test("a bad value ends the batch there, and what an earlier group learnt is kept", () => {
    const training = syntheticTraining(changes, syntheticDataset(), groups([[0], [1]]));
    valuesOf(training.dataset.splits.train).targets[1]?.fill(Number.NaN, 0, 16);
    const report = step(training, { track: true });
    expect(report.trouble).toMatchObject({ remedy: { kind: "skip" }, bad: [{ task: 1, what: "loss" }] });
    expect(report.weights).toEqual([1, undefined]);
    expect(training.policy.consecutive).toBe(1);
    training.model.dispose();
    const other = syntheticTraining(changes, training.dataset, groups([[1], [0]]));
    expect(step(other).weights).toEqual([undefined, undefined]);
    other.model.dispose();
  });
});

test("weight decay adds λθ to the gradient of every parameter", () => {
  const regularisation = () => ({ weightDecay: 0.5, dropout: 0, patience: 0 });
  const changes = { optimizer: { sgd: { learningRate: 0.1 } } };
  const [decayed, plain] = [syntheticTraining(changes, syntheticDataset(), method({ regularisation })), syntheticTraining(changes)];
  const before = values(plain).flat();
  step(decayed);
  step(plain);
  const after = values(plain).flat();
  values(decayed)
    .flat()
    .forEach((value, i) => expect(value).toBeCloseTo((after[i] ?? 0) - 0.1 * 0.5 * (before[i] ?? 0), 6));
  for (const each of [decayed, plain]) each.model.dispose();
});

test("a direction of accidental length is shortened, and told once an epoch, as is a solver that gave up", async () => {
  const properties = { nonConflicting: "no", scaleFree: "no", length: 1, sumWithoutConflict: "no", orderFree: "yes" } as const;
  const balancer = method({
    needs: "gram",
    properties,
    weigh: ({ tasks }, state) => ({ weights: tasks.map(() => 1e9), status: "not-converged", state }),
  });
  const training = syntheticTraining(
    { optimizer: { sgd: { learningRate: 1e-9 } }, training: { epochs: 2, batchSize: 16 } },
    syntheticDataset(),
    balancer,
  );
  const recorder = new ListRecorder();
  const keeper = new CheckpointKeeper(folder, recorder);
  const loop = new TrainingLoop(training, recorder, neverStop, keeper);
  for (let i = 0; i < 3; i++) await loop.step();
  const told = recorder.events.filter(({ kind }) => kind === "warning").map(({ detail }) => detail?.["status"]);
  expect(told).toEqual(["not-converged", "shortened"]);
  const [weight = 0] = recorder.points.get("weight/kind")?.[0]?.values ?? [];
  expect(weight).toBeLessThan(1e9);
  training.model.dispose();
});

test("training ends when the validation has not become better for as many epochs as the method is patient", async () => {
  const regularisation = () => ({ weightDecay: 0, dropout: 0, patience: 2 });
  // A learning rate this small changes no prediction, so the first epoch stays the best.
  const changes = { optimizer: { sgd: { learningRate: 1e-30 } }, training: { epochs: 50, batchSize: 16 } };
  const training = syntheticTraining(changes, syntheticDataset(), method({ regularisation }));
  const recorder = new ListRecorder();
  const keeper = new CheckpointKeeper(folder, recorder);
  const end = await new TrainingLoop(training, recorder, neverStop, keeper).run();
  expect(end.kind).toBe("completed");
  expect(recorder.steps).toBe(3 * training.description.stepsPerEpoch);
  expect(recorder.events.some(({ message }) => message.includes("ends early"))).toBe(true);
  training.model.dispose();
});

test("what a method keeps, and where its further batches are, is in the checkpoint", async () => {
  const balancer = method({
    needs: "gradients",
    draws: 1,
    start: () => ({ count: [0] }),
    weigh: (input, { count = [] }) => ({
      weights: input.tasks.map(() => 1),
      status: "ok",
      state: { count: count.map((value) => value + 1) },
      buffers: { "last/0": Float64Array.from(gradientsOf(input)[0] ?? []) },
    }),
  });
  const [one, other] = [0, 1].map(() => syntheticTraining({}, syntheticDataset(), balancer));
  if (one === undefined || other === undefined) throw new Error("unreachable");
  await one.furtherFeeds[0]?.next();
  step(one, { further: [rows] });
  await restoreState(other, captureState(one, 1));
  expect(other.stepper.remembered).toEqual(one.stepper.remembered);
  expect(other.stepper.remembered.buffers?.["last/0"]?.length).toBeGreaterThan(0);
  expect(await other.furtherFeeds[0]?.next()).toEqual(await one.furtherFeeds[0]?.next());
  for (const each of [one, other]) each.model.dispose();
});

describe("what a review found", () => {
  test("groups of which one is always bad: the others train as if it were absent, and the run says so", () => {
    const groups = method({ action: "alternate", groups: ({ tasks }, state) => ({ groups: tasks.map((task) => [task]), state }) });
    const changes = { optimizer: { sgd: {} }, training: { epochs: 1, batchSize: 16, onNonFinite: "drop-task" } };
    const training = syntheticTraining(changes, syntheticDataset(), groups);
    valuesOf(training.dataset.splits.train).targets[1]?.fill(Number.NaN);
    const report = step(training);
    expect(report.weights).toEqual([1, undefined]);
    expect(report.trouble).toMatchObject({ remedy: { kind: "drop", tasks: [1] } });
    training.model.dispose();
  });

  test("a batch in which no group trains leaves what the method remembers", () => {
    const groups = method({
      action: "alternate",
      start: () => ({ draws: [0] }),
      groups: ({ tasks }, { draws = [] }) => ({ groups: [tasks], state: { draws: draws.map((count) => count + 1) } }),
    });
    const training = syntheticTraining({}, syntheticDataset(), groups);
    valuesOf(training.dataset.splits.train).targets[1]?.fill(Number.NaN);
    step(training);
    expect(training.stepper.remembered.state["draws"]).toEqual([0]);
    training.model.dispose();
  });

  test("recording changes nothing of a direction: what weighs losses is never shortened", () => {
    const properties = { nonConflicting: "no", scaleFree: "no", length: 1, sumWithoutConflict: "no", orderFree: "yes" } as const;
    const heavy = method({
      action: "weigh-losses",
      properties,
      weigh: ({ tasks }, state) => ({ weights: tasks.map(() => 1e5), status: "ok", state }),
    });
    const [tracked, plain] = [true, false].map((track) => {
      const training = syntheticTraining({ optimizer: { sgd: {} } }, syntheticDataset(), heavy);
      const { directionNorm = NaN } = step(training, { track });
      training.model.dispose();
      return directionNorm;
    });
    expect((tracked ?? NaN) / (plain ?? NaN)).toBeCloseTo(1, 5);
  });

  test("a method's refusal ends the training as a fault of the experiment, with the method's name", () => {
    const refusing = method({
      weigh: () => {
        throw new RangeError("No such loss.");
      },
    });
    const training = syntheticTraining({}, syntheticDataset(), refusing);
    expect(() => step(training)).toThrow(new TrainingError("balancer", "Made here, step 1: No such loss."));
    training.model.dispose();
  });
});
