import { beforeAll, expect, test, vi } from "vitest";
import { startBackend } from "../../../../src/training/backend/backend.ts";
import { UpdateGraph } from "../../../../src/training/compiled/update-graph.ts";
import { MemorySource } from "../../../../src/training/data/memory-source.ts";
import { captureState, restoreState } from "../../../../src/training/training-state.ts";
import { describeOn } from "../../backends.ts";
import { syntheticDataset } from "../synthetic.ts";
import { apart, numbersOf, optimizers, prepared, steps, trained } from "./held-fixture.ts";

describeOn("native")("A step whose gradients stay where they are", () => {
  beforeAll(async () => {
    await startBackend("native");
  });

  const wide = [{ dense: { units: 512, activation: "relu" } }, { dense: { units: 256, activation: "relu" } }];

  /** By motion: how many matrices' gradients were left as factors. */
  function factorsOfMotions(): readonly number[] {
    const counts: number[] = [];
    const { move } = UpdateGraph.prototype;
    vi.spyOn(UpdateGraph.prototype, "move").mockImplementation(function (this: UpdateGraph, gradients, motion) {
      counts.push(gradients.factors.size);
      return move.call(this, gradients, motion);
    });
    return counts;
  }

  test.each(["mgda", "nash-mtl", "pcgrad"])("leaves gradients of wide layers as factors, with %s", async (balancer) => {
    const counts = factorsOfMotions();
    const setting = { balancer, trunk: wide, optimizer: optimizers.adamw };
    expect(apart(await trained(setting, 2), await trained({ ...setting, compile: false }, 2))).toBeLessThan(1e-6);
    expect(apart(await trained(setting, 12), await trained({ ...setting, compile: false }, 12))).toBeLessThan(1e-4);
    // A step that is recorded, as the first one is, forms them.
    expect(counts).toEqual([0, 1, 0, ...Array<number>(11).fill(1)]);
  });

  test("leaves gradients as factors again, once that is tried, where they are long enough by then", async () => {
    const counts = factorsOfMotions();
    const setting = { balancer: "mgda", trunk: wide };
    const training = prepared(setting);
    await steps(training, 0, 4);
    const memory = training.stepper.passes.save();
    const { usual } = memory.habits;
    if (usual === undefined) throw new Error("No usual step was made.");
    training.stepper.passes.restore({ ...memory, habits: { ...memory.habits, usual: { ...usual, formed: 62 } } });
    await steps(training, 4, 4);
    expect(counts).toEqual([0, 1, 1, 1, 0, 0, 1, 1]);
    expect(training.stepper.passes.save().habits["usual"]?.formed).toBeUndefined();
    expect(apart(training, await trained({ ...setting, compile: false }, 8))).toBeLessThan(1e-5);
  });

  test("goes on from a checkpoint bit by bit where gradients are left as factors", async () => {
    const setting = { balancer: "mgda", trunk: wide, every: 3 };
    const whole = await trained(setting, 10);
    const saved = captureState(await trained(setting, 5), 5);
    const second = prepared(setting);
    await restoreState(second, saved);
    await steps(second, 5, 5);
    expect(numbersOf(second)).toEqual(numbersOf(whole));
  });

  test("forms the gradients where what is left of them would be lost in the rounding of their factors", async () => {
    const { inputs, tasks, splits } = syntheticDataset({ rows: 64 });
    const one = new Float32Array(64 * 4).fill(0.5);
    const targets = [
      Float32Array.from({ length: 64 }, (_, i) => (i % 8 === 0 ? 1 : 0)),
      Float32Array.from({ length: 64 }, (_, i) => i % 7),
    ];
    const train = new MemorySource({ rows: 64, inputs: [one], targets, present: targets.map(() => new Uint8Array(64).fill(1)) });
    const counts = factorsOfMotions();
    const setting = {
      balancer: "mgda",
      trunk: wide,
      optimizer: { sgd: { learningRate: 0.02 } },
      dataset: { inputs, tasks, splits: { ...splits, train } },
      training: { batchSize: 64, epochs: 1000 },
    };
    const held = await trained(setting, 60);
    expect(counts).toHaveLength(60);
    expect([counts[1], counts.at(-1)]).toEqual([1, 0]);
    // But the first, which is recorded.
    expect(held.stepper.passes.save().habits["usual"]?.formed).toBe(counts.filter((count) => count === 0).length - 1);
    expect(apart(held, await trained({ ...setting, compile: false }, 60))).toBeLessThan(1e-4);
  });
});
