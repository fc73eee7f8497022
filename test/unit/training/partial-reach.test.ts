import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sum, tidy, variableGrads, type Scalar } from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { balancerCatalogue } from "../../../src/balancers/catalogue.ts";
import { boundToGradients } from "../../../src/balancers/gradient-storage.ts";
import { startBackend } from "../../../src/training/backend/backend.ts";
import { makeBatch } from "../../../src/training/batches.ts";
import { CheckpointKeeper } from "../../../src/training/checkpoint-keeper.ts";
import { pickRows } from "../../../src/training/data/memory-source.ts";
import { inTensorScope } from "../../../src/training/tensor-scope.ts";
import type { Training } from "../../../src/training/training.ts";
import { TrainingLoop } from "../../../src/training/training-loop.ts";
import { branchedTasks, branchedTraining } from "./branched.ts";
import { ListRecorder, neverStop } from "./synthetic.ts";
import { valuesOf } from "./values-of.ts";

const folder = mkdtempSync(join(tmpdir(), "taskscope-reach-"));
const ids = Object.keys(branchedTasks);
/** All rows of the first batch have all labels. */
const rows = Uint32Array.of(1, 2, 3, 4, 6, 7, 8, 9);

beforeAll(async () => {
  await startBackend("wasm");
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function batchOf({ dataset }: Training) {
  return makeBatch(dataset, pickRows(valuesOf(dataset.splits.train), rows));
}

/** Gradients of each task by parameter, by TensorFlow.js itself. */
function gradientsOf(training: Training): readonly Record<string, readonly number[]>[] {
  const { model, losses } = training;
  return ids.map((_, task) =>
    inTensorScope(() => {
      const batch = batchOf(training);
      const { grads } = variableGrads(
        () => {
          const [output, loss, targets] = [model.forward(batch.inputs, true)[task], losses[task], batch.targets[task]];
          if (output === undefined || loss === undefined || targets === undefined) throw new Error("unreachable");
          return tidy((): Scalar => sum(loss.compute(output, targets.target, targets.rowWeight)));
        },
        model.parameters.map(({ variable }) => variable),
      );
      return Object.fromEntries(
        model.parameters.flatMap(({ name, variable }) => {
          const gradient = grads[variable.name];
          return gradient === undefined ? [] : [[name, [...gradient.dataSync<"float32">()]] as const];
        }),
      );
    }),
  );
}

function cosine(a: readonly number[], b: readonly number[]): number {
  const dot = (x: readonly number[], y: readonly number[]) => x.reduce((total, value, i) => total + value * (y[i] ?? 0), 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}

async function run(training: Training, steps: number): Promise<ListRecorder> {
  const recorder = new ListRecorder();
  const loop = new TrainingLoop(training, recorder, neverStop, new CheckpointKeeper(folder, recorder));
  for (let i = 0; i < steps; i++) await loop.step();
  return recorder;
}

describe("a parameter that some tasks reach and others do not", () => {
  test("is found to be theirs, and the run says what that means for cosines", () => {
    const training = branchedTraining();
    expect(training.description.parameters.map(({ name, reach, tasks }) => [name, reach, tasks.join(" ")])).toEqual([
      ["trunk.kernel", "common", "kind size weight"],
      ["branch.kernel", "common", "kind size"],
      ["factor.value", "common", "size weight"],
      ["kind.kernel", "owned", "kind"],
      ["size.kernel", "owned", "size"],
      ["weight.kernel", "owned", "weight"],
      ["idle.kernel", "frozen", ""],
    ]);
    // 32 of the trunk, 48 of the branch, 1 factor.
    expect(training.notes).toEqual([
      "No task's loss depends on idle.kernel: what stands there at first stays.",
      "Not every task reaches every shared weight. The cosine of two tasks is taken over those that both reach: kind and size 99 %, kind and weight 40 %, size and weight 41 %.",
    ]);
    training.model.dispose();
  });

  test.each(["stored", "recompute"])(
    "has the gradients of TensorFlow.js, %s, and enters cosines where both tasks reach it",
    async (gradients) => {
      const training = branchedTraining({
        optimizer: { sgd: { learningRate: 0.1 } },
        training: { batchSize: 48, gradients },
        track: { every: 1 },
      });
      const { dataset } = training;
      // One batch of all rows that have all labels.
      for (const present of valuesOf(dataset.splits.train).present)
        present.forEach((_, row) => (present[row] = rows.includes(row) ? 1 : 0));
      const found = gradientsOf(training);
      const before = new Map(training.parameters.common.map(({ name, values }) => [name, [...values]]));
      const recorder = await run(training, 1);
      for (const { name, values } of training.parameters.common) {
        values.forEach((value, i) => {
          const slope = found.reduce((total, each) => total + (each[name]?.[i] ?? 0), 0);
          expect(value).toBeCloseTo((before.get(name)?.[i] ?? NaN) - 0.1 * slope, 5);
        });
      }
      const part = (task: number, names: readonly string[]) => names.flatMap((name) => found[task]?.[name] ?? []);
      const shared = {
        "kind/size": ["trunk.kernel", "branch.kernel"],
        "kind/weight": ["trunk.kernel"],
        "size/weight": ["trunk.kernel", "factor.value"],
      };
      for (const [pair, names] of Object.entries(shared)) {
        const [a = 0, b = 0] = pair.split("/").map((id) => ids.indexOf(id));
        expect(recorder.last(`cosine/${pair}`)).toBeCloseTo(cosine(part(a, names), part(b, names)), 5);
      }
      expect(recorder.last("gradient-norm/weight")).toBeCloseTo(Math.hypot(...part(2, ["trunk.kernel", "factor.value"])), 5);
      expect([...recorder.points.keys()].filter((name) => name.startsWith("layer-cosine/")).toSorted()).toEqual([
        "layer-cosine/branch/kind/size",
        "layer-cosine/factor/size/weight",
        "layer-cosine/trunk/kind/size",
        "layer-cosine/trunk/kind/weight",
        "layer-cosine/trunk/size/weight",
      ]);
      expect([...recorder.points.keys()].filter((name) => name.startsWith("dominance/branch")).toSorted()).toEqual([
        "dominance/branch.kernel/kind",
        "dominance/branch.kernel/size",
      ]);
      training.model.dispose();
    },
  );

  test.each(balancerCatalogue.map((balancer) => [balancer.id, boundToGradients(balancer) === undefined] as const))(
    "trains with %s",
    async (balancer, free) => {
      const ends = [];
      for (const gradients of free ? ["stored", "recompute"] : ["stored"]) {
        const training = branchedTraining({ balancer, optimizer: "adam", training: { batchSize: 16, seed: 1, epochs: 9, gradients } });
        const recorder = await run(training, 6);
        expect(recorder.events.filter(({ kind }) => kind === "non-finite")).toEqual([]);
        expect(recorder.points.get("direction-norm")).toHaveLength(6);
        const values = [...training.parameters.common, ...training.parameters.owned].flatMap((each) => [...each.values]);
        expect(values.every(Number.isFinite)).toBe(true);
        expect(recorder.points.has("dominance/branch.kernel/weight")).toBe(false);
        ends.push(values);
        training.model.dispose();
      }
      const [stored = [], again = stored] = ends;
      again.forEach((value, i) => expect(value).toBeCloseTo(stored[i] ?? NaN, 4));
    },
  );
});
