import { describe, expect, test } from "vitest";
import type { Remembered } from "../../../src/balancers/balancer.ts";
import { balancerCatalogue } from "../../../src/balancers/catalogue.ts";
import { contextOf } from "./context.ts";
import { Driver, randomSteps } from "./driver.ts";

const tasks = 4;
// Somebody is absent now and then, and the interruption is in the middle of an epoch.
const steps = randomSteps(1, { tasks, steps: 14, present: (task, step) => (task + step) % 5 !== 0 });
const context = contextOf(tasks, { seed: 7 });

describe.each(balancerCatalogue.map((balancer) => [balancer.id, balancer] as const))("%s", (id, balancer) => {
  test(`${id}: what it remembers can be written down and read again in the middle, and every later answer is the same`, () => {
    const whole = new Driver(balancer.prepare({}, context));
    const first = new Driver(balancer.prepare({}, context));
    const answers = steps.map((step) => whole.step(step));
    for (const step of steps.slice(0, 7)) first.step(step);
    const second = new Driver(balancer.prepare({}, context), written(first.remembered));
    expect(steps.slice(7).map((step) => second.step(step))).toEqual(answers.slice(7));
    expect(second.remembered).toEqual(whole.remembered);
  });

  test(`${id}: changes nothing of what it is given`, () => {
    const driver = new Driver(balancer.prepare({}, context));
    for (const step of steps) {
      const { state, buffers = {} } = driver.remembered;
      Object.values(state).forEach(Object.freeze);
      const before = Object.entries(buffers).map(([name, values]) => [name, values.slice()]);
      driver.step(step);
      expect(Object.entries(buffers)).toEqual(before);
    }
  });
});

/** Every list through its bytes in double precision, as checkpoints keep them. */
function written({ state, buffers = {} }: Remembered): Remembered {
  return {
    state: Object.fromEntries(Object.entries(state).map(([name, list]) => [name, [...copied(Float64Array.from(list))]])),
    buffers: Object.fromEntries(Object.entries(buffers).map(([name, list]) => [name, copied(list)])),
  };
}

function copied({ buffer, byteOffset, byteLength }: Float64Array): Float64Array {
  const text = Buffer.from(buffer, byteOffset, byteLength).toString("base64");
  return new Float64Array(Uint8Array.from(Buffer.from(text, "base64")).buffer);
}
