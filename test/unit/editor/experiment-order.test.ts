import { expect, test } from "vitest";
import { byName } from "../../../src/editor/experiment-order.ts";

test("an experiment comes before its numbered copies, and these by number", () => {
  const sorted = ["/ws/penguins", "/ws/penguins-2", "/ws/penguins-10", "/ws/sub/a"].map((path) => `${path}.mtl.yaml`);
  expect([...sorted].reverse().sort(byName)).toEqual(sorted);
});
