import { expect, test } from "vitest";
import { balancerCatalogue } from "../../../src/balancers/catalogue.ts";
import { maskedSum } from "../../../src/balancers/kernels/sign-masks.ts";
import { RandomStream } from "../../../src/balancers/kernels/random-stream.ts";
import { contextOf } from "./context.ts";

const random = RandomStream.seeded(2, "gradients");
const gradients = [0, 1, 2].map(() => Float32Array.from({ length: 5000 }, () => random.normal()));
const tasks = [0, 1, 2];
const cases = balancerCatalogue.flatMap((balancer) =>
  ["paper", "mean"].flatMap((scale) => {
    const prepared = balancer.prepare({ scale }, contextOf(3));
    return prepared.signs === undefined ? [] : [{ id: balancer.id, scale, prepared, signs: prepared.signs }];
  }),
);

test("some method masks signs", () => {
  expect(cases.length).toBeGreaterThan(0);
});

test.each(cases)("$id with the scale $scale draws and masks alike where its gradients are and in its own rows", ({ prepared, signs }) => {
  let state = prepared.start();
  for (let step = 0; step < 3; step++) {
    const { rows = [], ...answer } = prepared.weigh({ tasks, losses: [1, 1, 1], step, epoch: 0, gradients }, state);
    const { bits, ...drawn } = signs.draw(state, 3, 5000);
    expect(drawn).toEqual(answer);
    const sum = new Float32Array(5000);
    maskedSum(gradients, drawn.weights, signs.masking, bits, sum);
    expect(sum).toEqual(
      Float32Array.from(sum, (_, i) =>
        rows.reduce((total, row, task) => total + (answer.weights[task] ?? 0) * Math.fround(row[i] ?? 0), 0),
      ),
    );
    state = answer.state;
  }
});
