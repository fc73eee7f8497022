import { beforeAll, expect, test, vi } from "vitest";
import { startBackend } from "../../../../src/training/backend/backend.ts";
import { OwnershipMeter } from "../../../../src/training/ownership-meter.ts";
import type { Training } from "../../../../src/training/training.ts";
import { describeOn } from "../../backends.ts";
import { onEachBackend } from "../each-backend.ts";
import type { ListRecorder } from "../synthetic.ts";
import { eachOptimizer, isOfMachine, optimizers, prepared, steps, wasHeld } from "./held-fixture.ts";

onEachBackend((backend) => {
  test.each(["equal", "uncertainty", "mgda", "adatask"])(
    "a step whose gradients stay tells what each task moved as on plain arrays, with %s",
    async (balancer) => {
      const [held, plain] = [prepared({ balancer, every: 2 }), prepared({ balancer, every: 2, compile: false })];
      const [recorded, expected] = [await steps(held, 0, 9), await steps(plain, 0, 9)];
      expect(Object.entries(held.stepper.passes.save().habits).flatMap(([kind, { held: some }]) => (some === undefined ? [] : [kind]))).toEqual(["tracked", "usual"]); // prettier-ignore
      // How fast it is depends on the machine.
      const told = (from: ListRecorder): readonly string[] => [...from.points.keys()].filter((series) => !isOfMachine(series));
      expect(told(recorded)).toEqual(told(expected));
      for (const [series, points] of recorded.points) {
        if (isOfMachine(series)) continue;
        const numbers = (from: readonly { readonly step: number; readonly values: readonly number[] }[] | undefined): readonly number[] =>
          (from ?? []).flatMap(({ step, values }) => [step, ...values]);
        const others = numbers(expected.points.get(series));
        numbers(points).forEach((value, i) => {
          expect(value, series).toBeCloseTo(others[i] ?? Number.NaN, 3);
        });
      }
      const accumulated = (training: Training): readonly number[] => training.dominance.accumulated.flat().flatMap((values) => [...values]);
      const largest = Math.max(...accumulated(plain));
      accumulated(held).forEach((value, i) => {
        expect(Math.abs(value - (accumulated(plain)[i] ?? Number.NaN)) / largest).toBeLessThan(1e-4);
      });
    },
  );

  test("a step of AdaTask that is recorded reads no more of its gradients than a usual one", async () => {
    const training = prepared({ balancer: "adatask", every: 2 });
    await steps(training, 0, 4);
    const { tracked, usual } = training.stepper.passes.save().habits;
    expect(usual?.held?.length).toBeGreaterThan(3);
    expect(tracked).toEqual(usual);
  });

  // Weights that come of products may differ in their last bits.
  test.runIf(backend === "wasm").each(eachOptimizer(["equal", "adatask"]))(
    "a step whose gradients stay records to the bit what one on plain arrays does, with %s and %s",
    async (name, balancer) => {
      const setting = { balancer, optimizer: optimizers[name], every: 2 };
      const [held, plain] = [prepared(setting), prepared({ ...setting, compile: false })];
      const [recorded, expected] = [await steps(held, 0, 9), await steps(plain, 0, 9)];
      expect(Object.values(held.stepper.passes.save().habits).every(({ held: some }) => some !== undefined)).toBe(true);
      // The norm that a step tells in passing is summed up in another order.
      const isTold = (series: string, step: number): boolean => series !== "direction-norm" || step % 2 === 1;
      const told = (from: ListRecorder): readonly unknown[] =>
        [...from.points].flatMap(([series, points]) =>
          isOfMachine(series) ? [] : [[series, points.filter(({ step }) => isTold(series, step))]],
        );
      expect(told(recorded).length).toBeGreaterThan(20);
      expect(told(recorded)).toEqual(told(expected));
      expect(held.dominance.accumulated).toEqual(plain.dominance.accumulated);
    },
  );
});

describeOn("native")("A recorded step whose gradients stay where they are", () => {
  beforeAll(async () => {
    await startBackend("native");
  });

  test.each([
    ["equal", ["kind", "size"]],
    ["mgda", ["kind", "size"]],
    // So many are multiplied by TensorFlow.
    ["uncertainty", ["kind", "size", "third", "fourth", "fifth"]],
    ["adatask", ["kind", "size"]],
    ["adatask", ["kind", "size", "third", "fourth", "fifth"]],
  ])("tells of its gradients what plain arrays do up to 1e-5, with %s on %j", async (balancer, tasks) => {
    const [held, plain] = [prepared({ balancer, tasks }), prepared({ balancer, tasks, compile: false })];
    // The only recorded one: from then on the parameters are rounded otherwise.
    const [recorded, expected] = [await steps(held, 0, 1), await steps(plain, 0, 1)];
    expect(wasHeld(held)).toBe(true);
    const told = [...expected.points].filter(([series]) => /^(gradient-norm|direction-norm|cosine|help|dominance\/)/.test(series));
    expect(told.length).toBeGreaterThan(10);
    for (const [series, points] of told) {
      const [found, value] = [recorded.points.get(series)?.[0]?.values[0] ?? Number.NaN, points[0]?.values[0] ?? Number.NaN];
      expect(Math.abs(found - value), series).toBeLessThanOrEqual(1e-5 * Math.abs(value));
    }
  });

  test.each(["equal", "adatask"])("is recorded of what is read where WebAssembly has no SIMD, with %s", async (balancer) => {
    vi.spyOn(OwnershipMeter, "isPossible", "get").mockReturnValue(false);
    const [held, plain] = [prepared({ balancer, every: 3 }), prepared({ balancer, every: 3, compile: false })];
    const [recorded, expected] = [await steps(held, 0, 7), await steps(plain, 0, 7)];
    expect(wasHeld(held)).toBe(true);
    for (const series of ["dominance/kind", "help/kind", "direction-norm"]) {
      const [found, told] = [recorded, expected].map((from) => from.points.get(series)?.map(({ values }) => values[0]) ?? []);
      expect(found?.length).toBeGreaterThan(2);
      found?.forEach((value, i) => expect(value, series).toBeCloseTo(told?.[i] ?? Number.NaN, 4));
    }
  });
});
