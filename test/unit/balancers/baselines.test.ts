import { test } from "@fast-check/vitest";
import fc from "fast-check";
import { expect } from "vitest";
import { equal } from "../../../src/balancers/equal.ts";
import { staticWeights } from "../../../src/balancers/static.ts";
import { contextOf } from "./context.ts";

const losses = fc.array(fc.double({ min: -10, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 8 });

test.prop([losses])("equal: every present task has weight 1, whatever its loss", (values) => {
  const prepared = equal.prepare({}, contextOf(values.length + 1));
  // The first task is absent.
  const tasks = values.map((_, i) => i + 1);
  const { weights } = prepared.weigh({ tasks, losses: values, step: 0, epoch: 0 }, prepared.start());
  expect(weights).toEqual(values.map(() => 1));
});

test.prop([fc.array(fc.double({ min: 0, max: 100, noNaN: true }), { minLength: 2, maxLength: 8 })])(
  "static: the weights are the tasks' own, in their proportion also where they are brought to the sum K",
  (taskWeights) => {
    const tasks = taskWeights.map((_, i) => i);
    const weigh = (options: object) => {
      const prepared = staticWeights.prepare(options, contextOf(tasks.length, { taskWeights }));
      return prepared.weigh({ tasks, losses: tasks, step: 0, epoch: 0 }, prepared.start()).weights;
    };
    expect(weigh({})).toEqual(taskWeights);
    const sum = taskWeights.reduce((total, weight) => total + weight, 0);
    fc.pre(sum > 1e-6);
    weigh({ normalize: true }).forEach((weight, i) => expect(weight).toBeCloseTo(((taskWeights[i] ?? 0) * tasks.length) / sum, 8));
  },
);
