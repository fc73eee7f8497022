import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import type { OperationWatch } from "../passes/recordings.ts";
import { bytesOf } from "./kernel-node.ts";
import type { ReplayPlan, ReplayRead, ReplaySegment, ReplayStep } from "./replay-plan.ts";

/** Computes what is planned. Values that are read become arrays of their own. `watch` is told of each kernel. */
export function replay(
  plan: ReplayPlan,
  { atOnce, steps }: ReplaySegment,
  numbers: Map<string, Float32Array>,
  watch?: OperationWatch,
): void {
  const { heap } = plan.memory;
  const rooms = roomsOf(heap.backend);
  const read = ({ name, address, count }: ReplayRead): void => {
    numbers.set(name, heap.floats().slice(address / 4, address / 4 + count));
  };
  try {
    atOnce.forEach(read);
    for (const step of steps) {
      step.packed.forEach((input) => {
        plan.memory.forgetCopies(input);
      });
      rooms.step = step;
      rooms.place = 0;
      const started = watch === undefined ? 0 : performance.now();
      const results = step.compute(step.call);
      bringHome(plan, step, Array.isArray(results) ? results : [results]);
      watch?.({
        operation: step.operation,
        ms: performance.now() - started,
        outputs: step.outputs.map((output) => ({ shape: output.shape, bytes: bytesOf(output) })),
      });
      step.reads.forEach(read);
    }
  } finally {
    rooms.step = undefined;
  }
}

/** Whose results kernels make room for now. */
interface Rooms {
  step: ReplayStep | undefined;
  place: number;
}

const watched = new WeakMap<BackendWasm, Rooms>();

/** From the first call on, a kernel that is replayed is given the planned places for its results instead of new ones. */
function roomsOf(backend: BackendWasm): Rooms {
  const known = watched.get(backend);
  if (known !== undefined) return known;
  const rooms: Rooms = { step: undefined, place: 0 };
  const makeOutput = backend.makeOutput.bind(backend);
  backend.makeOutput = (shape, dtype, memoryOffset, values) => {
    const { step } = rooms;
    if (step === undefined) return makeOutput(shape, dtype, memoryOffset, values);
    const planned = step.outputs[step.places.indexOf(rooms.place++)];
    const fits = planned !== undefined && memoryOffset === undefined && values === undefined && isAsLarge(planned, { shape, dtype });
    // Its own object: kernels write another shape into it.
    return fits ? { dataId: planned.dataId, shape, dtype } : makeOutput(shape, dtype, memoryOffset, values);
  };
  watched.set(backend, rooms);
  return rooms;
}

/** Some kernels make room for what they return in other ways. */
function bringHome({ memory: { heap } }: ReplayPlan, { call, outputs }: ReplayStep, results: readonly TensorInfo[]): void {
  if (results.length === outputs.length && results.every(({ dataId }, index) => dataId === outputs[index]?.dataId)) return;
  const given = new Set(Object.values(call.inputs).map((input) => input?.dataId));
  const fresh = results.filter(({ dataId }) => !given.has(dataId));
  outputs.forEach((planned, index) => {
    const made = fresh[index];
    if (made?.dataId === planned.dataId) return;
    if (made === undefined || !isAsLarge(planned, made))
      throw new TypeError("A recorded kernel returned something else than when it was recorded.");
    const from = heap.address(made);
    heap.bytes().copyWithin(heap.address(planned), from, from + bytesOf(made));
    heap.backend.disposeData(made.dataId);
  });
}

function isAsLarge(planned: TensorInfo, made: Pick<TensorInfo, "shape" | "dtype">): boolean {
  return planned.dtype === made.dtype && bytesOf(planned) === bytesOf(made);
}
