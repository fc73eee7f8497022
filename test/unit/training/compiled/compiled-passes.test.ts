import { keep, tensor } from "@tensorflow/tfjs-core";
import { beforeAll, expect, test, vi } from "vitest";
import { startBackend } from "../../../../src/training/backend/backend.ts";
import { agrees } from "../../../../src/training/compiled/agreement.ts";
import { nativeBackend } from "../../../../src/training/compiled/native-binding.ts";
import { NativeGraph } from "../../../../src/training/compiled/native-graph.ts";
import { StatisticsSnapshot } from "../../../../src/training/model/statistics-snapshot.ts";
import { noMemory, type Pass, type Passes } from "../../../../src/training/passes/pass.ts";
import { PlainPasses } from "../../../../src/training/passes/plain-passes.ts";
import { inTensorScope } from "../../../../src/training/tensor-scope.ts";
import { describeOn } from "../../backends.ts";
import { containing } from "../data/containing.ts";
import { differences, Fixture, plainTrunk, tasks, type Numbers } from "./pass-fixture.ts";

describeOn("native")("A compiled pass", () => {
  beforeAll(async () => {
    await startBackend("native");
  });

  test("with what was asked for before computed early, in one run or two", () => {
    const fixture = new Fixture(plainTrunk, [5]);
    const compiled = fixture.compiled();
    const weights = [[1, 1, 1], [1, 1, 1], [1, 1, 1], [1, 2, 3], [3, 2, 1], [1, 1, 1]]; // prettier-ignore
    for (const each of weights) {
      inTensorScope(() => {
        const [plain, graph] = fixture.both(compiled, fixture.batch(), "usual", each);
        expect(differences(plain, graph)).toEqual([]);
      });
      fixture.move();
    }
    expect(compiled.save().habits["usual"]).toMatchObject({ weights: [1, 1, 1], isRepeated: true, isKnown: false });
    fixture.model.dispose();
    compiled.dispose();
  });

  test("asks TensorFlow once where the way back is as in the two passes before, and twice where its weights are not", () => {
    const fixture = new Fixture(plainTrunk, [5]);
    const compiled = fixture.compiled();
    const runs: number[] = [];
    const asked = vi.spyOn(NativeGraph.prototype, "run");
    const pass = (weights: readonly number[]): void => {
      inTensorScope(() => {
        const made = compiled.forward(fixture.batch(), { kind: "usual" });
        const way = made.back([0, 1, 2]);
        asked.mockClear();
        way.summed(weights);
        expect(way.own.size).toBeGreaterThan(0);
        runs.push(asked.mock.calls.length);
        made.dispose();
      });
    };
    for (const weights of [[1, 1, 1], [1, 1, 1], [1, 1, 1], [1, 1, 1], [1, 1, 2], [1, 1, 3]]) pass(weights); // prettier-ignore
    // First the sum and the heads' own by themselves; then both with the forward pass, until the weights change; then both together.
    expect(runs).toEqual([2, 2, 0, 0, 1, 1]);
    asked.mockRestore();
    compiled.dispose();
    fixture.model.dispose();
  });

  test("is as it would have been where it goes on from what another remembered", () => {
    const told = (restart: boolean): Numbers => {
      const fixture = new Fixture(plainTrunk, [5]);
      const [first, second] = [fixture.compiled(), fixture.compiled()];
      return inTensorScope(() => {
        for (let step = 0; step < 3; step++) fixture.told(first, fixture.batch());
        if (restart) second.restore(first.save());
        const numbers = fixture.told(restart ? second : first, fixture.batch());
        first.dispose();
        second.dispose();
        fixture.model.dispose();
        return numbers;
      });
    };
    expect(told(true)).toEqual(told(false));
  });

  test("is made plainly for rows that no recording is of: a part of a batch, and tasks without a label", () => {
    const fixture = new Fixture(plainTrunk, [5]);
    const compiled = fixture.compiled();
    inTensorScope(() => fixture.told(compiled, fixture.batch()));
    inTensorScope(() => {
      const [plain, other] = fixture.both(compiled, fixture.batch({ rows: 3 }));
      expect(other).toEqual(plain);
    });
    inTensorScope(() => {
      const pass = compiled.forward(fixture.batch({ absent: [1] }), { kind: "usual" });
      expect(pass.losses[1]).toBeUndefined();
      expect(pass.back([0, 2]).losses).toBe(2);
      pass.dispose();
    });
    compiled.dispose();
    fixture.model.dispose();
  });

  test("takes its way back from some of the tasks as the plain one does", () => {
    const fixture = new Fixture(plainTrunk, [5]);
    const compiled = fixture.compiled();
    inTensorScope(() => {
      const batch = fixture.batch();
      const noise = fixture.parts.noise.save();
      const one = compiled.forward(batch, { kind: "usual" });
      fixture.parts.noise.restore(noise);
      const other = new PlainPasses(fixture.parts).forward(batch, { kind: "usual" });
      const blocks = (pass: Pass): readonly (Float32Array | undefined)[] => {
        const gradients = pass.back([0, 2]).summed([1, 1]);
        return fixture.parts.variables.map(({ id }) => gradients.get(id));
      };
      expect(agrees(blocks(other), blocks(one))).toBe(true);
      expect(fixture.parts.noise.save()).not.toEqual(noise);
      one.dispose();
      other.dispose();
    });
    compiled.dispose();
    fixture.model.dispose();
  });

  test("runs operation by operation where TensorFlow's graph of it computes something else, and says so", () => {
    const fixture = new Fixture(plainTrunk, [5]);
    const compiled = fixture.compiled();
    const run = NativeGraph.prototype.run;
    const zeros = keep(tensor(new Float32Array(30), [5, 6]));
    const [other = -1] = nativeBackend()?.getInputTensorIds([zeros]) ?? [];
    const wrong = vi.spyOn(NativeGraph.prototype, "run").mockImplementation(function (this: NativeGraph, feeds, outputs) {
      return run.call(this, new Map([...feeds, ["p0", other]]), outputs);
    });
    for (let step = 0; step < 3; step++) {
      inTensorScope(() => {
        const [plain, graph] = fixture.both(compiled, fixture.batch());
        expect(differences(plain, graph)).toEqual([]);
      });
      fixture.move();
    }
    expect([...new Set(compiled.takeNotes())]).toEqual([containing("changes what it computes")]);
    wrong.mockRestore();
    zeros.dispose();
    compiled.dispose();
    fixture.model.dispose();
  });

  test("is made plainly where TensorFlow cannot load its graph", () => {
    const fixture = new Fixture(plainTrunk, [5]);
    const compiled = fixture.compiled();
    const load = vi.spyOn(NativeGraph, "load").mockImplementation(() => {
      throw new Error("No space left.");
    });
    inTensorScope(() => {
      const [plain, other] = fixture.both(compiled, fixture.batch());
      expect(other).toEqual(plain);
    });
    load.mockRestore();
    expect(compiled.takeNotes()).toEqual(["The step is not compiled: No space left."]);
    expect(compiled.save().refusal).toBe("No space left");
    fixture.model.dispose();
  });

  test("of weights that are not finite is not waited for, nor one of another recording", () => {
    const fixture = new Fixture(plainTrunk, [5]);
    const compiled = fixture.compiled();
    for (let step = 0; step < 3; step++) {
      inTensorScope(() => {
        const [plain, graph] = fixture.both(compiled, fixture.batch(), "usual", [1, Number.NaN, 1]);
        expect(differences(plain, graph)).toEqual([]);
      });
    }
    expect(compiled.save().habits).toEqual({});
    const habit = { names: ["n9999:0"], isRepeated: true, isKnown: true };
    compiled.restore({ ...noMemory, habits: { usual: habit } });
    inTensorScope(() => {
      const [plain, graph] = fixture.both(compiled, fixture.batch());
      expect(differences(plain, graph)).toEqual([]);
    });
    compiled.dispose();
    fixture.model.dispose();
  });

  test("that is taken back from some of the tasks leaves the noise where later passes had brought it", () => {
    const fixture = new Fixture(plainTrunk, [5]);
    const compiled = fixture.compiled();
    const { noise } = fixture.parts;
    inTensorScope(() => {
      const pass = compiled.forward(fixture.batch(), { kind: "usual" });
      fixture.told(compiled, fixture.batch());
      const drawn = noise.save();
      expect(pass.back([0]).own.size).toBeGreaterThan(0);
      expect(noise.save()).toEqual(drawn);
      pass.dispose();
    });
    compiled.dispose();
    fixture.model.dispose();
  });

  test("of some of the tasks is recorded when it comes for the third time", () => {
    const fixture = new Fixture(plainTrunk, [5]);
    const compiled = fixture.compiled();
    const made = [[1], [1], [], [1], [1], [0, 2], [1]].map((absent) =>
      inTensorScope(() => {
        const batch = fixture.batch({ absent });
        const positions = tasks.flatMap((_, task) => (absent.includes(task) ? [] : [task]));
        const told = (passes: Passes) => {
          const pass = passes.forward(batch, { kind: "usual" });
          const way = pass.back(positions);
          const gradients = [way.summed(positions.map(() => 1)), new Map([...way.own].map(([id, { values }]) => [id, values]))];
          pass.dispose();
          return [
            ...pass.losses.map((loss) => (loss === undefined ? undefined : Float32Array.of(loss))),
            ...gradients.flatMap((each) => fixture.parts.variables.map(({ id }) => each.get(id))),
          ];
        };
        const noise = fixture.parts.noise.save();
        const statistics = new StatisticsSnapshot(fixture.model.statistics);
        const plain = told(new PlainPasses(fixture.parts));
        fixture.parts.noise.restore(noise);
        statistics.restore();
        expect(agrees(plain, told(compiled))).toBe(true);
        return Object.keys(compiled.save().habits).length;
      }),
    );
    expect(made).toEqual([0, 0, 1, 2, 2, 2, 2]);
    const memory = compiled.save();
    expect(memory.sets).toEqual({ " of 0, 2": 3, " of 1": 1 });
    // A step that failed counts for nothing.
    inTensorScope(() => {
      compiled.forward(fixture.batch({ absent: [2] }), { kind: "usual" }).dispose();
    });
    expect(compiled.save()).not.toEqual(memory);
    compiled.restore(memory);
    expect(compiled.save()).toEqual(memory);
    compiled.dispose();
    fixture.model.dispose();
  });

  test("is told of where most are none", () => {
    const fixture = new Fixture(plainTrunk, [5]);
    const compiled = fixture.compiled();
    for (let step = 0; step < 60; step++) {
      inTensorScope(() => {
        const rows = step % 3 === 0 ? 4 : 3;
        compiled.forward(fixture.batch({ rows }), { kind: "usual" }).dispose();
      });
    }
    expect(compiled.takeNotes()).toEqual([
      "Of the first 60 forward passes 31 were not compiled, most of them because their batches are no whole ones, of 4 rows.",
    ]);
    expect(compiled.takeNotes()).toEqual([]);
    compiled.dispose();
    fixture.model.dispose();
  });
});
