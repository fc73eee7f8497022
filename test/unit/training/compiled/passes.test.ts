import { engine, exp, keep, memory, mul, scalar, sum, type Tensor } from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import type { LayerEntry } from "../../../../src/experiment/schema.ts";
import { inTensorScope } from "../../../../src/training/tensor-scope.ts";
import type { BackendName } from "../../backends.ts";
import { layerRows, titleOf, type LayerRow } from "../backend/layer-cases.ts";
import { containing } from "../data/containing.ts";
import { onEachBackend } from "../each-backend.ts";
import { bitDifferences, convolutions, differences, Fixture, plainTrunk, trunkOf, type Numbers } from "./pass-fixture.ts";

interface Promised {
  /** What may not differ from the plain pass. */
  readonly differences: (plain: Numbers, compiled: Numbers) => readonly string[];
  /** What is told of a layer that is not compiled as a whole. */
  readonly notes: (row: LayerRow) => readonly unknown[];
}

const promised: Readonly<Record<BackendName, Promised>> = {
  wasm: { differences: bitDifferences, notes: () => [] },
  native: {
    differences,
    // TensorFlow makes one operation of a whole mish, and then misses the value in its middle from which a way back starts.
    notes: ([, , given = {}]) => (given["activation"] === "mish" ? [containing("was not found in the Graph")] : []),
  },
};

/** A model that computes another function from the third pass on, after both recordings. */
function changing(trunk: readonly LayerEntry[], inputShape: readonly number[]): Fixture {
  const fixture = new Fixture(trunk, inputShape);
  const { model } = fixture;
  let outputs = 0;
  const forward = (inputs: readonly Tensor[], training: boolean): readonly Tensor[] =>
    model.forward(inputs, training).map((output) => mul(output, (outputs += 1) > 6 ? 1 : 2));
  Object.assign(fixture.parts, { model: { ...model, statistics: model.statistics, parameters: model.parameters, forward } });
  return fixture;
}

onEachBackend((backend) => {
  test.each(layerRows.map((row) => ({ title: titleOf(row[0], row[1], row[2] ?? {}), row })))(
    "a pass computes as the plain one: $title",
    ({ row }) => {
      const [layer, [rows = 0, ...inputShape]] = row;
      const fixture = new Fixture(trunkOf(row), inputShape, rows);
      const compiled = fixture.compiled();
      for (let step = 0; step < 3; step++) {
        inTensorScope(() => {
          const [plain, other] = fixture.both(compiled, fixture.batch({ whole: layer === "embedding" }));
          expect(promised[backend].differences(plain, other)).toEqual([]);
        });
        fixture.move();
      }
      expect([...new Set(compiled.takeNotes())]).toEqual(promised[backend].notes(row));
      compiled.dispose();
      fixture.model.dispose();
    },
  );

  test.each([{}, { activation: "relu" }] as const)(
    "a pass tells what is not finite as the plain one does, also where pooling or a relu would hide it: %o",
    (options) => {
      const fixture = new Fixture(convolutions(options), [5, 5, 1]);
      const compiled = fixture.compiled();
      inTensorScope(() => fixture.told(compiled, fixture.batch()));
      for (const input of [Number.NaN, Number.POSITIVE_INFINITY]) {
        inTensorScope(() => {
          const [plain, other] = fixture.both(compiled, fixture.batch({ input }));
          expect(other).toEqual(plain);
          // An infinite input that a relu cuts off is as good as any other.
          if (Number.isNaN(input)) expect(plain.get("losses")?.flatMap((loss) => [...(loss ?? [])])).toEqual([NaN, NaN, NaN]);
        });
      }
      compiled.dispose();
      fixture.model.dispose();
    },
  );

  test.each<[string, (fixture: Fixture) => Fixture["model"]["forward"], string]>([
    [
      "numbers from elsewhere than the run's streams",
      ({ model }) => {
        let draws = 0;
        return (inputs, training) => model.forward(inputs, training).map((output) => mul(output, (draws += 1)));
      },
      "values that are not drawn from the run's streams",
    ],
    [
      "what it does depends on a value",
      ({ model }) =>
        (inputs, training) =>
          model.forward(inputs, training).map((output) => ((sum(output).dataSync()[0] ?? 0) > 0 ? output : mul(output, 2))),
      "a value is read back",
    ],
    [
      "a tensor of its own",
      ({ model }) => {
        const kept = keep(exp(scalar(1)));
        return (inputs, training) => model.forward(inputs, training).map((output) => mul(output, kept));
      },
      "made outside of the step",
    ],
  ])("a pass is refused with the reason, and made plainly: %s", (_, forward, reason) => {
    const fixture = new Fixture(plainTrunk, [5]);
    Object.assign(fixture.parts, { model: { ...fixture.parts.model, forward: forward(fixture) } });
    const compiled = fixture.compiled();
    inTensorScope(() => {
      const pass = compiled.forward(fixture.batch(), { kind: "usual" });
      expect(pass.losses.every((loss) => Number.isFinite(loss))).toBe(true);
      pass.dispose();
    });
    expect(compiled.takeNotes()).toEqual([containing(reason)]);
    expect(compiled.takeNotes()).toEqual([]);
    compiled.dispose();
    fixture.model.dispose();
  });

  test("a recording that computes something else is not used", () => {
    const fixture = changing(plainTrunk, [5]);
    const compiled = fixture.compiled();
    inTensorScope(() => void fixture.told(compiled, fixture.batch()));
    expect(compiled.takeNotes()).toEqual([containing("does not compute the same")]);
    inTensorScope(() => {
      const [plain, other] = fixture.both(compiled, fixture.batch());
      expect(other).toEqual(plain);
    });
    compiled.dispose();
    fixture.model.dispose();
  });

  test("a recording is not taken for right by a batch that tells nothing", () => {
    const fixture = changing(convolutions(), [5, 5, 1]);
    const compiled = fixture.compiled();
    inTensorScope(() => void fixture.told(compiled, fixture.batch({ input: Number.POSITIVE_INFINITY })));
    expect(compiled.takeNotes()).toEqual([]);
    inTensorScope(() => {
      const [plain, other] = fixture.both(compiled, fixture.batch());
      expect(other).toEqual(plain);
    });
    expect(compiled.takeNotes()).toEqual([containing("does not compute the same")]);
    compiled.dispose();
    fixture.model.dispose();
  });

  test("passes leave no tensor behind", () => {
    const fixture = new Fixture(plainTrunk, [5]);
    const held = (): number => engine().backend.numDataIds();
    const before = held();
    const compiled = fixture.compiled();
    const steps = (): readonly number[] => {
      for (let step = 0; step < 4; step++) {
        inTensorScope(() => {
          fixture.told(compiled, fixture.batch());
          compiled.losses(fixture.batch());
        });
      }
      return [memory().numTensors, held()];
    };
    expect(steps()).toEqual(steps());
    compiled.dispose();
    expect(held()).toBe(before);
    fixture.model.dispose();
  });
});
