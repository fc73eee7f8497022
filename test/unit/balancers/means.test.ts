import { expect, test } from "vitest";
import { balancerCatalogue } from "../../../src/balancers/catalogue.ts";
import { movedMeans } from "../../../src/balancers/kernels/moving-means.ts";
import { RandomStream } from "../../../src/balancers/kernels/random-stream.ts";
import { rowLength, rowProducts } from "../../../src/balancers/kernels/rows.ts";
import { contextOf } from "./context.ts";

const random = RandomStream.seeded(3, "gradients");
const cases = balancerCatalogue.flatMap((balancer) =>
  ["paper", "mean"].flatMap((scale) => {
    const prepared = balancer.prepare({ scale }, contextOf(3));
    return prepared.means === undefined ? [] : [{ id: balancer.id, scale, prepared, means: prepared.means }];
  }),
);

test("some method keeps moving means", () => {
  expect(cases.length).toBeGreaterThan(0);
});

test.each(cases)(
  "$id with the scale $scale weighs moving means alike where its gradients are and in its own rows",
  ({ prepared, means }) => {
    let remembered = { state: prepared.start(), buffers: {} };
    // One task is absent at first, and another later.
    for (const tasks of [
      [0, 2],
      [0, 1, 2],
      [1, 2],
      [0, 1, 2],
    ]) {
      const gradients = tasks.map(() => Float32Array.from({ length: 500 }, () => random.normal()));
      const input = { tasks, losses: tasks.map((task) => task + 0.5), step: 0, epoch: 0, buffers: remembered.buffers };
      const { rows, buffers, ...answer } = prepared.weigh({ ...input, gradients }, remembered.state);
      const paces = means.paces({ ...input, norms: gradients.map(rowLength) }, remembered.state);
      const moved = movedMeans(input, gradients, paces);
      expect({ rows, buffers }).toEqual(moved);
      expect(means.weigh({ ...input, gram: rowProducts(moved.rows) }, remembered.state)).toEqual(answer);
      for (const row of moved.rows) expect(row).toEqual(Float64Array.from(Float32Array.from(row)));
      remembered = { state: answer.state, buffers: moved.buffers };
    }
  },
);
