import type { RecordedRun } from "./recorded.ts";
import { classification, madeUpRun, regression, type Wish } from "./made-up-run.ts";

const two: Wish = {
  id: "20261123-230507-123-multi-mnist",
  name: "multi-mnist",
  balancer: "equal",
  tasks: [classification("left"), classification("right")],
  status: "running",
  done: 0.8,
  epochs: 30,
  stepsPerEpoch: 94,
  exact: false,
};

/** Runs to look at, newest first, by the name of what they show. */
export const scenarios: Readonly<Record<string, () => readonly RecordedRun[] | null>> = {
  live: () => [
    madeUpRun(two),
    madeUpRun({ ...two, id: "20261123-220000-000-multi-mnist", balancer: "adatask", exact: true, status: "completed", done: 1 }),
  ],
  ended: () => [madeUpRun({ ...two, status: "completed", done: 1 })],
  exact: () => [madeUpRun({ ...two, balancer: "adatask", exact: true, status: "completed", done: 1 })],
  stopped: () => [madeUpRun({ ...two, status: "stopped", done: 0.4, reason: "Stopped by the user." })],
  crashed: () => [madeUpRun({ ...two, status: "crashed", done: 0.57 })],
  failed: () => [madeUpRun({ ...two, status: "failed", done: 0.3, reason: "The disk is full. Free some space and run it again." })],
  stale: () => [madeUpRun({ ...two, silent: 34 })],
  broken: () => [madeUpRun({ ...two, broken: true })],
  start: () => [madeUpRun({ ...two, done: 0 })],
  four: () => [
    madeUpRun({
      ...two,
      name: "indoor-scenes",
      status: "completed",
      done: 1,
      tasks: [regression("depth"), regression("normals"), classification("segmentation"), classification("edges")],
    }),
  ],
  nine: () => [
    madeUpRun({ ...two, status: "completed", done: 1, tasks: Array.from({ length: 9 }, (_, k) => classification(`attribute-${k + 1}`)) }),
  ],
  sixteen: () => [
    madeUpRun({ ...two, status: "completed", done: 1, tasks: Array.from({ length: 16 }, (_, k) => classification(`attribute-${k + 1}`)) }),
  ],
  twenty: () => [
    madeUpRun({
      ...two,
      status: "completed",
      done: 1,
      tasks: Array.from({ length: 20 }, (_, k) => regression(`a-rather-long-name-${k + 1}`)),
    }),
  ],
  one: () => [madeUpRun({ ...two, status: "completed", done: 1, tasks: [regression("price")] })],
  nothingCommon: () => [madeUpRun({ ...two, status: "completed", done: 1, nothingCommon: true })],
  empty: () => [],
  loading: () => null,
};
