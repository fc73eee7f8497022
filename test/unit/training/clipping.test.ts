import { fc, test } from "@fast-check/vitest";
import { beforeAll, describe, expect } from "vitest";
import { startBackend } from "../../../src/training/backend/backend.ts";
import { makeBatch } from "../../../src/training/batches.ts";
import { clip, ClipShare } from "../../../src/training/clipping.ts";
import type { JacobianRow } from "../../../src/training/gradients/gram.ts";
import { pickRows } from "../../../src/training/data/memory-source.ts";
import type { Proposal } from "../../../src/training/proposal.ts";
import type { StepReport } from "../../../src/training/step-report.ts";
import { inTensorScope } from "../../../src/training/tensor-scope.ts";
import type { Training } from "../../../src/training/training.ts";
import { syntheticTraining } from "./synthetic.ts";
import { valuesOf } from "./values-of.ts";

beforeAll(async () => {
  await startBackend("wasm");
});

const element = fc.double({ min: -4, max: 4, noNaN: true }).map(Math.fround);
const block = fc.array(element, { minLength: 3, maxLength: 3 });

/** Two tasks with weights on one shared block, and a head. */
const proposals = fc.tuple(block, block, block, element, element).map(([a, b, head, first, second]): Proposal => {
  const rows = [[Float32Array.from(a)], [Float32Array.from(b)]];
  const direction = [Float32Array.from(a, (value, i) => first * value + second * (b[i] ?? 0))];
  return {
    tasks: [0, 1],
    weights: [first, second],
    status: "ok",
    shortened: 1,
    remembered: { state: {} },
    rows,
    parts: rows,
    direction,
    owned: [Float32Array.from(head)],
  };
});

const numbers = (row: JacobianRow): number[] => row.flatMap((each) => [...(each ?? [])]);
const norm = ({ direction, owned }: Proposal): number => Math.hypot(...numbers(direction), ...numbers(owned));

describe("clipping", () => {
  test.prop([proposals, fc.double({ min: 0.01, max: 20, noNaN: true })])(
    "by norm bounds direction and heads together, and turns nothing",
    (made, most) => {
      const { proposal, clipping } = clip(made, { norm: most });
      expect(clipping.norm).toBeCloseTo(norm(made), 5);
      expect(clipping.clipped).toBe(clipping.norm > most);
      if (!clipping.clipped) expect(proposal).toBe(made);
      expect(norm(proposal)).toBeLessThanOrEqual(most * (1 + 1e-6));
      const factor = clipping.clipped ? most / clipping.norm : 1;
      numbers(proposal.owned).forEach((value, i) => {
        expect(value).toBeCloseTo(factor * (numbers(made.owned)[i] ?? 0), 5);
      });
    },
  );

  test.prop([proposals, fc.double({ min: 0.01, max: 5, noNaN: true })])("by value bounds each element by itself", (made, most) => {
    const { proposal } = clip(made, { value: most });
    const before = [...numbers(made.direction), ...numbers(made.owned)];
    [...numbers(proposal.direction), ...numbers(proposal.owned)].forEach((value, i) => {
      expect(value).toBeCloseTo(Math.min(most, Math.max(-most, before[i] ?? 0)), 6);
    });
  });

  test.prop([proposals, fc.double({ min: 0.1, max: 5, noNaN: true }), fc.double({ min: 0.1, max: 5, noNaN: true })])(
    "leaves the parts of the direction adding up to it",
    (made, value, most) => {
      const { proposal } = clip(made, { value, norm: most });
      const [a = [], b = []] = (proposal.parts ?? []).map(numbers);
      numbers(proposal.direction).forEach((element, i) => {
        expect((made.weights[0] ?? 0) * (a[i] ?? 0) + (made.weights[1] ?? 0) * (b[i] ?? 0)).toBeCloseTo(element, 4);
      });
      expect(proposal.rows).toBe(made.rows);
    },
  );

  test("cuts values before it measures the norm", () => {
    const made: Proposal = {
      tasks: [0],
      weights: [1],
      status: "ok",
      shortened: 1,
      remembered: { state: {} },
      rows: undefined,
      parts: undefined,
      direction: [Float32Array.of(30, -4)],
      owned: [undefined],
    };
    const { proposal, clipping } = clip(made, { value: 4, norm: Math.sqrt(8) });
    expect(numbers(proposal.direction)).toEqual([2, -2]);
    expect(clipping).toEqual({ norm: expect.closeTo(Math.hypot(30, 4), 6) as number, clipped: true });
  });
});

test("the share of clipped steps is that since it was last told", () => {
  const share = new ClipShare();
  expect(share.take()).toBeUndefined();
  for (const clipped of [true, false, false, true, true]) share.add({ norm: 1, clipped });
  expect(share.take()).toBe(0.6);
  share.add({ norm: 1, clipped: false });
  expect(share.take()).toBe(0);
});

const rows = Uint32Array.from({ length: 16 }, (_, i) => i);

function step(training: Training, track = false): StepReport {
  const { dataset, stepper, optimizer } = training;
  const batch = makeBatch(dataset, pickRows(valuesOf(dataset.splits.train), rows));
  return inTensorScope(() => stepper.run(batch, { step: 0, epoch: 0, rate: optimizer.learningRate, track }));
}

function moved(changes: Record<string, unknown>, track = false): { readonly by: readonly number[]; readonly report: StepReport } {
  const training = syntheticTraining(changes);
  const values = () => [...training.parameters.common, ...training.parameters.owned].flatMap((parameter) => [...parameter.values]);
  const before = values();
  const report = step(training, track);
  const by = values().map((value, i) => value - (before[i] ?? 0));
  training.model.dispose();
  return { by, report };
}

describe("a step that is clipped", () => {
  const optimizer = { sgd: { learningRate: 1 } };

  test.each(["equal", "mgda", "uncertainty", "graddrop"])("is as long as it may be, heads included: %s", (balancer) => {
    const free = moved({ balancer, optimizer });
    const clipped = moved({ balancer, optimizer, training: { batchSize: 16, seed: 1, clip: { norm: 0.05 } } });
    expect(Math.hypot(...free.by)).toBeGreaterThan(0.1);
    expect(Math.hypot(...clipped.by)).toBeCloseTo(0.05, 5);
    expect(clipped.report.clipping).toEqual({ norm: expect.closeTo(Math.hypot(...free.by), 4) as number, clipped: true });
    expect(clipped.report.directionNorm).toBeLessThanOrEqual(0.05 * (1 + 1e-6));
    expect(clipped.report.weights).toEqual(free.report.weights);
    const factor = 0.05 / Math.hypot(...free.by);
    clipped.by.forEach((value, i) => {
      expect(value).toBeCloseTo(factor * (free.by[i] ?? 0), 5);
    });
  });

  test("in AdaTask is what the tasks' accumulators take in", () => {
    const clip = (norm: number) => ({ batchSize: 16, seed: 1, clip: { norm } });
    // Adagrad's first step does not depend on the gradient's length, but its accumulator does.
    const accumulated = (training: object): number => {
      const prepared = syntheticTraining({ balancer: "adatask", optimizer: { adagrad: {} }, training });
      step(prepared);
      const sum = [...prepared.stepper.slots()]
        .filter(([name]) => name.includes("@"))
        .flatMap(([, { buffers }]) => [...(buffers["square"] ?? [])])
        .reduce((total, value) => total + value, 0);
      prepared.model.dispose();
      return sum;
    };
    const wide = accumulated(clip(1e9));
    expect(accumulated(clip(0.02)) / accumulated(clip(0.01))).toBeCloseTo(4, 4);
    expect(accumulated(clip(0.02))).toBeLessThan(wide / 100);
  });

  test("tells the tracked step the gradients as they were, and the direction as it was applied", () => {
    // Compiled, gradients are not read that are not clipped.
    const free = moved({ balancer: "equal", optimizer, training: { batchSize: 16, seed: 1, compile: false } }, true).report.tracked;
    const clipped = moved({ balancer: "equal", optimizer, training: { batchSize: 16, seed: 1, clip: { value: 0.01 } } }, true).report
      .tracked;
    if (clipped === undefined || free === undefined || !("rows" in clipped) || !("rows" in free)) throw new Error("nothing was stored");
    expect(clipped.rows).toEqual(free.rows);
    const applied = clipped.applied.flatMap((each) => [...(each ?? [])]);
    expect(Math.max(...applied.map(Math.abs))).toBeCloseTo(0.01, 8);
  });

  test("of alternating groups is clipped group by group", () => {
    const training = { batchSize: 16, seed: 1, clip: { norm: 0.05 } };
    const { report } = moved({ balancer: "alternating", optimizer, training });
    expect(report.clipping?.clipped).toBe(true);
    expect(report.directionNorm).toBeGreaterThan(0.05);
    expect(report.directionNorm).toBeLessThanOrEqual(0.1);
  });

  test("is not clipped where nothing is too long: not a bit changes", () => {
    const training = { batchSize: 16, seed: 1, clip: { norm: 1e6, value: 1e6 } };
    expect(moved({ optimizer, training }).by).toEqual(moved({ optimizer }).by);
  });
});
