import { afterEach, expect, test, vi } from "vitest";
import { WasmHeap } from "../../../src/training/backend/wasm-heap.ts";
import { HeapUpdate } from "../../../src/training/compiled/heap-update.ts";
import { captureState } from "../../../src/training/training-state.ts";
import { ListRecorder, syntheticDataset } from "./synthetic.ts";
import { temporaryTrainings } from "./temporary-trainings.ts";

const trainings = temporaryTrainings();
afterEach(() => vi.restoreAllMocks());

test.each([1, 2, 3, 4])(
  "AdaTask's motion on the heap moves nothing where there is no room for block %d of what it needs",
  async (missing) => {
    const training = trainings.open(
      {
        balancer: "adatask",
        model: { trunk: [{ dense: { units: 8 } }, { dense: { units: 16 } }] },
        training: { epochs: 3, batchSize: 16, seed: 1, backend: "wasm" },
        track: { every: 1000 },
      },
      syntheticDataset({ rows: 64 }),
    );
    const before = captureState(training, 0).arrays;
    const { moveApart } = HeapUpdate.prototype;
    const { allocate } = WasmHeap.prototype;
    let asked = Number.NaN;
    vi.spyOn(HeapUpdate.prototype, "moveApart").mockImplementation(function (this: HeapUpdate, ...given) {
      asked = 0;
      return moveApart.apply(this, given);
    });
    vi.spyOn(WasmHeap.prototype, "allocate").mockImplementation(function (this: WasmHeap, bytes) {
      if (++asked === missing) throw new Error("There is no room.");
      return allocate.call(this, bytes);
    });
    await expect(trainings.loop(training, new ListRecorder()).step()).rejects.toThrow("There is no room.");
    const after = captureState(training, 0).arrays;
    const moved = [...after].flatMap(([name, values]) => (/^(weight|optimizer)/.test(name) && String(values) !== String(before.get(name)) ? [name] : [])); // prettier-ignore
    expect(moved).toEqual([]);
  },
);
