import { memory } from "@tensorflow/tfjs-core";
import { beforeAll, expect, test } from "vitest";
import { startBackend } from "../../../../src/training/backend/backend.ts";
import { nativeBackend } from "../../../../src/training/compiled/native-binding.ts";
import { captureState, restoreState } from "../../../../src/training/training-state.ts";
import type { Training } from "../../../../src/training/training.ts";
import { describeOn } from "../../backends.ts";
import { onEachBackend } from "../each-backend.ts";
import { CountedBinding } from "./counted-binding.ts";
import { apart, eachOptimizer, numbersOf, optimizers, prepared, steps, trained, wasHeld } from "./held-fixture.ts";

onEachBackend((backend) => {
  const ways = ["equal", "uncertainty", "mgda", "gradnorm", "adatask", "graddrop", "moco"];
  test.each(eachOptimizer(ways))(
    "a step whose gradients stay where they are moves by %s with %s as on plain arrays",
    async (name, balancer) => {
      const setting = { balancer, optimizer: optimizers[name] };
      const [held, plain] = [await trained(setting, 2), await trained({ ...setting, compile: false }, 2)];
      // The first step is recorded.
      expect(wasHeld(held)).toBe(true);
      expect(apart(held, plain)).toBeLessThan(1e-6);
      if (backend === "wasm") expect(apart(held, plain)).toBe(0);
      const [longer, plainer] = [await trained(setting, 12), await trained({ ...setting, compile: false }, 12)];
      expect(wasHeld(longer)).toBe(true);
      expect(apart(longer, plainer)).toBeLessThan(1e-4);
      if (backend === "wasm") expect(apart(longer, plainer)).toBe(0);
    },
  );

  test.each([
    ["equal", { norm: 0.3 }],
    ["uncertainty", { norm: 0.3 }],
    ["mgda", { norm: 0.3 }],
    ["mgda", { norm: 1000 }],
    ["moco", { norm: 0.3 }],
  ] as const)("a step whose gradients stay is shortened with %s and %o as on plain arrays", async (balancer, clip) => {
    const setting = { balancer, training: { clip, heads: "weighted" }, every: 4 };
    const [held, plain] = [prepared(setting), prepared({ ...setting, compile: false })];
    const [told, expected] = [await steps(held, 0, 7), await steps(plain, 0, 7)];
    expect(wasHeld(held)).toBe(true);
    expect(apart(held, plain)).toBeLessThan(1e-6);
    for (const series of ["direction-norm", "unclipped-norm"]) {
      const [some, others] = [told.points.get(series) ?? [], expected.points.get(series) ?? []];
      expect(some).toHaveLength(7);
      some.forEach(({ values: [value = Number.NaN] }, step) => {
        expect(value / (others[step]?.values[0] ?? Number.NaN)).toBeCloseTo(1, 4);
      });
    }
    expect(told.points.get("clipped-share")).toEqual(expected.points.get("clipped-share"));
  });

  test("a step whose gradients stay may be followed by one that is recorded, and one that is recorded by such a step", async () => {
    for (const balancer of ["equal", "mgda", "adatask", "graddrop", "moco"]) {
      const [held, plain] = [await trained({ balancer, every: 3 }, 11), await trained({ balancer, every: 3, compile: false }, 11)];
      expect(wasHeld(held)).toBe(true);
      expect(apart(held, plain)).toBeLessThan(1e-4);
    }
  });

  test.each(["equal", "uncertainty", "mgda", "adatask", "graddrop", "moco"])(
    "a training whose gradients stay goes on from a checkpoint bit by bit, with %s",
    async (balancer) => {
      const setting = { balancer, every: 4 };
      const whole = await trained(setting, 14);
      const first = await trained(setting, 7);
      const saved = captureState(first, 7);
      const second = prepared(setting);
      await restoreState(second, saved);
      await steps(second, 7, 7);
      expect(wasHeld(second)).toBe(true);
      expect(numbersOf(second)).toEqual(numbersOf(whole));
      // Taking a checkpoint has changed nothing.
      await steps(first, 7, 7);
      expect(numbersOf(first)).toEqual(numbersOf(whole));
    },
  );

  test("a step whose gradients stay moves parameters that have taken more steps than others, as after a phase of heads alone", async () => {
    const [held, plain] = [prepared({ optimizer: optimizers.adam }), prepared({ optimizer: optimizers.adam, compile: false })];
    for (const training of [held, plain]) {
      for (const { name } of training.parameters.owned) {
        const slot = training.stepper.slots().get(name);
        if (slot === undefined) throw new Error(`There is no slot ${name}.`);
        slot.count = 5;
      }
      await steps(training, 0, 6);
    }
    expect(wasHeld(held)).toBe(true);
    expect(apart(held, plain)).toBeLessThan(1e-6);
  });

  test.each(["mgda", "adatask"])("a step whose gradients stay leaves no tensors behind, with %s", async (balancer) => {
    const training = prepared({ balancer, every: 5 });
    await steps(training, 0, 8);
    const before = memory().numTensors;
    await steps(training, 8, 20);
    expect(memory().numTensors).toBe(before);
  });
});

describeOn("native")("A step whose gradients stay where they are", () => {
  beforeAll(async () => {
    await startBackend("native");
  });

  test.each(["equal", "mgda", "adatask", "graddrop", "moco"])("leaves nothing with TensorFlow, with %s", async (balancer) => {
    const native = nativeBackend();
    if (native === undefined) throw new Error("This is the native backend.");
    const { binding } = native;
    const counted = new CountedBinding(binding);
    native.binding = counted.binding;
    try {
      const training = prepared({ balancer, every: 5, tasks: ["kind", "size", "age"] });
      await steps(training, 0, 12);
      const before = counted.alive;
      await steps(training, 12, 20);
      expect(counted.alive).toBe(before);
    } finally {
      native.binding = binding;
    }
  });

  test("shrinks weights by a share that single precision would round away", async () => {
    const optimizer = { sgd: { learningRate: 1e-6, weightDecay: 0.01 } };
    const lengthOf = ({ everything }: Training): number =>
      Math.sqrt(everything.reduce((sum, { values }) => values.reduce((rest, value) => rest + value * value, sum), 0));
    const [held, plain] = [prepared({ optimizer }), prepared({ optimizer, compile: false })];
    const start = lengthOf(held);
    for (const training of [held, plain]) await steps(training, 0, 60);
    expect(wasHeld(held)).toBe(true);
    expect(lengthOf(held) - start).toBeCloseTo(lengthOf(plain) - start, 7);
  });
});
