import { expect, test } from "vitest";
import { CheckpointKeeper } from "../../../../src/training/checkpoint-keeper.ts";
import { TrainingLoop } from "../../../../src/training/training-loop.ts";
import { onEachBackend } from "../each-backend.ts";
import { openedTrainings } from "../opened-trainings.ts";
import { ListRecorder, neverStop, syntheticDataset, syntheticTraining } from "../synthetic.ts";

const opened = openedTrainings();

/** What a run of some steps says of compiling, step by step. */
async function told(backend: string, steps: number, training: object): Promise<unknown[]> {
  const changes = { training: { epochs: 3, batchSize: 16, seed: 1, backend, ...training } };
  const prepared = syntheticTraining(changes, syntheticDataset({ rows: 40 }));
  opened.add(prepared);
  const recorder = new ListRecorder();
  const loop = new TrainingLoop(prepared, recorder, neverStop, new CheckpointKeeper("unused", recorder));
  const heard: unknown[] = [];
  for (let step = 0; step < steps; step++) {
    await loop.step();
    heard.push(recorder.description?.compiled);
  }
  return heard;
}

onEachBackend((backend) => {
  test("a run says after its first step whether its steps are compiled", async () => {
    const [first] = await told(backend, 1, {});
    if (backend === "native") expect(first).toEqual({ works: true });
    else expect(first).toHaveProperty("works");
  });

  test("a run that must not compile says so", async () => {
    expect(await told(backend, 1, { compile: false })).toEqual([{ works: false, reason: "the experiment says `training.compile: false`" }]);
  });
});
