import { beforeAll, expect, test, vi } from "vitest";
import { startBackend } from "../../../../src/training/backend/backend.ts";
import { NativeGraph } from "../../../../src/training/compiled/native-graph.ts";
import { UpdateGraph } from "../../../../src/training/compiled/update-graph.ts";
import { describeOn } from "../../backends.ts";
import { containing } from "../data/containing.ts";
import { apart, prepared, steps, trained, wasHeld } from "./held-fixture.ts";

describeOn("native")("The optimizer's step as a graph", () => {
  beforeAll(async () => {
    await startBackend("native");
  });

  test("is given up where the update is not the optimizer's", async () => {
    const move = vi.spyOn(UpdateGraph.prototype, "move").mockImplementation(function (this: UpdateGraph, gradients, motion) {
      move.mockRestore();
      return this.move(gradients, { ...motion, rate: 2 * motion.rate });
    });
    const training = prepared({});
    const { events } = await steps(training, 0, 5);
    expect(events.map((event) => ("message" in event ? event.message : ""))).toEqual([
      "The optimizer's step is made on plain arrays, and not where the gradients are: its update is not the optimizer's.",
    ]);
    expect(wasHeld(training)).toBe(true);
    expect(apart(training, await trained({ compile: false }, 5))).toBeLessThan(1e-5);
  });

  test("is compared once more where its first motion was at a rate of 0", async () => {
    const { move } = UpdateGraph.prototype;
    vi.spyOn(UpdateGraph.prototype, "move").mockImplementation(function (this: UpdateGraph, gradients, motion) {
      return move.call(this, gradients, { ...motion, rate: 2 * motion.rate });
    });
    const training = { schedule: { warmup: { steps: 4, from: 0 } } };
    const wrong = prepared({ training, every: 5 });
    const { events } = await steps(wrong, 0, 8);
    expect(events.filter(({ kind }) => kind === "note")).toHaveLength(1);
    expect(apart(wrong, await trained({ training, every: 5, compile: false }, 8))).toBeLessThan(1e-5);
  });

  test.each(["before", "after"])("changes nothing where TensorFlow fails %s it has made its first motion", async (when) => {
    const { run } = NativeGraph.prototype;
    let isFirst = true;
    vi.spyOn(NativeGraph.prototype, "run").mockImplementation(function (this: NativeGraph, feeds, outputs) {
      if (feeds.has("c") && isFirst) {
        isFirst = false;
        if (when === "after") run.call(this, feeds, outputs);
        throw new Error("There is no kernel.");
      }
      return run.call(this, feeds, outputs);
    });
    const training = prepared({});
    const { events } = await steps(training, 0, 5);
    expect(events.map((event) => ("message" in event ? event.message : ""))).toEqual([
      containing("not where the gradients are: There is no kernel."),
    ]);
    expect(apart(training, await trained({ compile: false }, 5))).toBeLessThan(1e-5);
  });
});
