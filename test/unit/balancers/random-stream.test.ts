import { expect, test } from "vitest";
import { RandomStream } from "../../../src/balancers/kernels/random-stream.ts";

test.each([0, 0.25, 1 / 3, 1])("fills with either of two numbers as draws one by one would, at a share of %d", (share) => {
  const [whole, single] = [RandomStream.seeded(3, "either"), RandomStream.seeded(3, "either")];
  const values = new Float32Array(1000);
  whole.fillEither(values, share, -2, 5);
  expect([...values]).toEqual(Array.from(values, () => (single.uniform() < share ? -2 : 5)));
  expect(whole.save()).toEqual(single.save());
});
