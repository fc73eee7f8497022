import { getBackend } from "@tensorflow/tfjs-core";
import { beforeAll, expect, test, vi } from "vitest";
import { startBackend } from "../../../../src/training/backend/backend.ts";
import { CheckpointKeeper } from "../../../../src/training/checkpoint-keeper.ts";
import { HeapUpdate } from "../../../../src/training/compiled/heap-update.ts";
import { TrainingLoop } from "../../../../src/training/training-loop.ts";
import { captureState, restoreState } from "../../../../src/training/training-state.ts";
import type { Training } from "../../../../src/training/training.ts";
import { describeOn } from "../../backends.ts";
import { openedTrainings } from "../opened-trainings.ts";
import { ListRecorder, neverStop, syntheticDataset, syntheticTraining } from "../synthetic.ts";

interface Setting {
  readonly balancer: object;
  readonly compile: boolean;
  readonly batchSize?: number;
}

const tasks = ["kind", "size", "height"];
const opened = openedTrainings();

function prepared({ balancer, compile, batchSize = 16 }: Setting): Training {
  const kinds = tasks.map((id) => [id, { kind: id === "kind" ? "classification" : "regression" }]);
  const training = syntheticTraining(
    {
      tasks: Object.fromEntries(kinds),
      balancer,
      optimizer: { adamw: { learningRate: 0.01, epsilon: 1e-4, weightDecay: 0.1 } },
      training: { epochs: 9, batchSize, seed: 1, backend: "wasm", compile },
      track: { every: 4 },
    },
    syntheticDataset({ rows: 64, gaps: true, tasks }),
  );
  opened.add(training);
  expect(getBackend()).toBe("wasm");
  return training;
}

/** What parameters, accumulators and the balancer are after some steps; 0 whatever its sign. */
async function numbersAfter(training: Training, count: number, first = 0): Promise<readonly (readonly [string, readonly number[]])[]> {
  const recorder = new ListRecorder();
  const loop = new TrainingLoop(training, recorder, neverStop, new CheckpointKeeper("unused", recorder), first);
  for (let step = 0; step < count; step++) await loop.step();
  return [...captureState(training, first + count).arrays].flatMap(([name, values]) =>
    /^(weight|optimizer|balancer|buffer)/.test(name) ? [[name, [...values].map((value) => value + 0)] as const] : [],
  );
}

/** How many motions there have been on the heap since. */
function motionsSeen(): () => number {
  const ways = [vi.spyOn(HeapUpdate.prototype, "move"), vi.spyOn(HeapUpdate.prototype, "moveApart")];
  return () => ways.reduce((sum, { mock }) => sum + mock.calls.length, 0);
}

const balancers = [
  { method: "adatask" },
  { method: "adatask", reduction: "mean" },
  { method: "graddrop" },
  { method: "graddrop", leak: 0.3, k: 2, scale: "mean" },
  { method: "moco" },
  { method: "moco", normalize: "none", simplex: "projection", beta: 0.9, sigmaBeta: 0, rho: 0.2, scale: "sum" },
];

describeOn("wasm")("A step on WebAssembly's memory", () => {
  beforeAll(async () => {
    await startBackend("wasm");
  });

  test.each(balancers)("moves three tasks' parameters to the bit as on plain arrays, with %o", async (balancer) => {
    const motions = motionsSeen();
    const held = await numbersAfter(prepared({ balancer, compile: true }), 15);
    expect(motions()).toBeGreaterThan(10);
    expect(held).toEqual(await numbersAfter(prepared({ balancer, compile: false }), 15));
  });

  test.each(balancers)("leaves tasks without a label alone as on plain arrays, with %o", async (balancer) => {
    const motions = motionsSeen();
    const held = await numbersAfter(prepared({ balancer, compile: true, batchSize: 1 }), 60);
    expect(motions()).toBeGreaterThan(30);
    expect(motions()).toBeLessThan(55);
    expect(held).toEqual(await numbersAfter(prepared({ balancer, compile: false, batchSize: 1 }), 60));
  });

  test.each(balancers)("goes on from a checkpoint to the bit, with %o", async (balancer) => {
    const whole = await numbersAfter(prepared({ balancer, compile: true }), 14);
    const first = prepared({ balancer, compile: true });
    await numbersAfter(first, 7);
    const second = prepared({ balancer, compile: true });
    await restoreState(second, captureState(first, 7));
    expect(await numbersAfter(second, 7, 7)).toEqual(whole);
  });
});
