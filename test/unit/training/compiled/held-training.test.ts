import { getBackend, memory } from "@tensorflow/tfjs-core";
import { afterEach, beforeAll, expect, test, vi } from "vitest";
import { MemorySource } from "../../../../src/training/data/memory-source.ts";
import type { Dataset } from "../../../../src/training/data/dataset.ts";
import { startBackend } from "../../../../src/training/backend/backend.ts";
import { CheckpointKeeper } from "../../../../src/training/checkpoint-keeper.ts";
import { NativeGraph } from "../../../../src/training/compiled/native-graph.ts";
import { UpdateGraph } from "../../../../src/training/compiled/update-graph.ts";
import { OwnershipMeter } from "../../../../src/training/ownership-meter.ts";
import type { Training } from "../../../../src/training/training.ts";
import { TrainingLoop } from "../../../../src/training/training-loop.ts";
import { captureState, restoreState } from "../../../../src/training/training-state.ts";
import { describeOn } from "../../backends.ts";
import { containing } from "../data/containing.ts";
import { onEachBackend } from "../each-backend.ts";
import { ListRecorder, neverStop, syntheticDataset, syntheticTraining } from "../synthetic.ts";

const opened: Training[] = [];
afterEach(() => {
  vi.restoreAllMocks();
  for (const training of opened.splice(0)) {
    training.dispose();
    training.model.dispose();
  }
});

const optimizers = {
  sgd: { sgd: { learningRate: 0.05, weightDecay: 0.01 } },
  momentum: { sgd: { learningRate: 0.02, momentum: 0.9 } },
  nesterov: { sgd: { learningRate: 0.02, momentum: 0.9, nesterov: true, weightDecay: 0.1, decayed: "all" } },
  adam: { adam: { learningRate: 0.01, epsilon: 1e-4 } },
  adamw: { adamw: { learningRate: 0.01, epsilon: 1e-4 } },
  rmsprop: { rmsprop: { learningRate: 0.005, epsilon: 1e-4 } },
  adagrad: { adagrad: { learningRate: 0.02, epsilon: 1e-4 } },
};

interface Setting {
  readonly compile?: boolean;
  readonly balancer?: string;
  readonly optimizer?: object;
  readonly training?: object;
  readonly every?: number;
  readonly trunk?: readonly object[];
  readonly tasks?: readonly string[];
  readonly dataset?: Dataset;
}

const narrow = [{ dense: { units: 8, activation: "relu" } }, { dense: { units: 6, activation: "tanh" } }];

function prepared({
  compile = true,
  balancer = "equal",
  optimizer = optimizers.adam,
  training = {},
  every = 1000,
  trunk = narrow,
  tasks = ["kind", "size"],
  dataset = syntheticDataset({ rows: 64, gaps: true, tasks }),
}: Setting): Training {
  const made = syntheticTraining(
    {
      balancer,
      optimizer,
      tasks: Object.fromEntries(tasks.map((id) => [id, { kind: id === "kind" ? "classification" : "regression" }])),
      model: { trunk },
      training: { epochs: 9, batchSize: 16, seed: 1, backend: getBackend() === "wasm" ? "wasm" : "native", compile, ...training },
      track: { every },
    },
    dataset,
  );
  opened.push(made);
  return made;
}

async function steps(training: Training, first: number, count: number): Promise<ListRecorder> {
  const recorder = new ListRecorder();
  const loop = new TrainingLoop(training, recorder, neverStop, new CheckpointKeeper("unused", recorder), first);
  for (let step = 0; step < count; step++) await loop.step();
  return recorder;
}

async function trained(setting: Setting, count: number): Promise<Training> {
  const training = prepared(setting);
  const { events } = await steps(training, 0, count);
  expect(events.filter(({ kind }) => kind === "note")).toEqual([]);
  return training;
}

function numbersOf(training: Training): readonly number[] {
  return [...captureState(training, 0).arrays].flatMap(([name, values]) => (/^(weight|optimizer)/.test(name) ? [...values] : []));
}

/** Largest difference in units of the largest number. */
function apart(a: Training, b: Training): number {
  const [one, other] = [numbersOf(a), numbersOf(b)];
  const largest = (values: readonly number[]): number => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return largest(one.map((value, i) => value - (other[i] ?? Number.NaN))) / largest(one);
}

function isOfMachine(series: string): boolean {
  return series.startsWith("system/") || series === "steps-per-second";
}

function wasHeld(training: Training): boolean {
  return Object.values(training.stepper.passes.save().habits).some(({ held }) => held !== undefined);
}

onEachBackend((backend) => {
  const ways = ["equal", "uncertainty", "mgda", "gradnorm", "adatask", "graddrop"];
  const cases = Object.keys(optimizers).flatMap((name) =>
    ways.flatMap((balancer) => (balancer === "adatask" && /^(sgd|momentum|nesterov)$/.test(name) ? [] : [[name, balancer] as const])),
  );
  test.each(cases)("a step whose gradients stay where they are moves by %s with %s as on plain arrays", async (name, balancer) => {
    const setting = { balancer, optimizer: optimizers[name as keyof typeof optimizers] };
    const [held, plain] = [await trained(setting, 2), await trained({ ...setting, compile: false }, 2)];
    // The first step is recorded.
    expect(wasHeld(held)).toBe(true);
    expect(apart(held, plain)).toBeLessThan(1e-6);
    if (backend === "wasm") expect(apart(held, plain)).toBe(0);
    const [longer, plainer] = [await trained(setting, 12), await trained({ ...setting, compile: false }, 12)];
    expect(wasHeld(longer)).toBe(true);
    expect(apart(longer, plainer)).toBeLessThan(1e-4);
    if (backend === "wasm") expect(apart(longer, plainer)).toBe(0);
  });

  test.each([
    ["equal", { norm: 0.3 }],
    ["uncertainty", { norm: 0.3 }],
    ["mgda", { norm: 0.3 }],
    ["mgda", { norm: 1000 }],
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
    for (const balancer of ["equal", "mgda", "adatask", "graddrop"]) {
      const [held, plain] = [await trained({ balancer, every: 3 }, 11), await trained({ balancer, every: 3, compile: false }, 11)];
      expect(wasHeld(held)).toBe(true);
      expect(apart(held, plain)).toBeLessThan(1e-4);
    }
  });

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
  const recorded = cases.filter(([, balancer]) => balancer === "equal" || balancer === "adatask");
  test.runIf(backend === "wasm").each(recorded)(
    "a step whose gradients stay records to the bit what one on plain arrays does, with %s and %s",
    async (name, balancer) => {
      const setting = { balancer, optimizer: optimizers[name as keyof typeof optimizers], every: 2 };
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

  test.each(["equal", "uncertainty", "mgda", "adatask", "graddrop"])(
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
      containing("TensorFlow failed: There is no kernel."),
    ]);
    expect(apart(training, await trained({ compile: false }, 5))).toBeLessThan(1e-5);
  });

  /** The second matrix has more elements than it pays to compute every task's gradient of. */
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
