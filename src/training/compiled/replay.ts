import type { TensorInfo } from "@tensorflow/tfjs-core";
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
  const { backend } = heap;
  const read = ({ name, address, count }: ReplayRead): void => {
    numbers.set(name, heap.floats().slice(address / 4, address / 4 + count));
  };
  const { makeOutput } = backend;
  let current: ReplayStep | undefined;
  let place = 0;
  backend.makeOutput = (shape, dtype, memoryOffset, values) => {
    const planned = current?.outputs[current.places.indexOf(place++)];
    const fits = planned !== undefined && memoryOffset === undefined && values === undefined && isAsLarge(planned, { shape, dtype });
    // Its own object: kernels write another shape into it.
    return fits ? { dataId: planned.dataId, shape, dtype } : makeOutput.call(backend, shape, dtype, memoryOffset, values);
  };
  try {
    atOnce.forEach(read);
    for (const step of steps) {
      step.packed.forEach((input) => {
        plan.memory.forgetCopies(input);
      });
      current = step;
      place = 0;
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
    backend.makeOutput = makeOutput;
  }
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
