import { test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { alignedMtl } from "../../../src/balancers/aligned-mtl.ts";
import { alignedMtlUb } from "../../../src/balancers/aligned-mtl-ub.ts";
import { mgda } from "../../../src/balancers/mgda.ts";
import { mgdaUb } from "../../../src/balancers/mgda-ub.ts";
import { contextOf } from "./context.ts";
import { jacobians } from "./jacobians.ts";

describe.each([
  [mgdaUb, mgda],
  [alignedMtlUb, alignedMtl],
])("$id", (atRepresentation, atParameters) => {
  test.prop([jacobians({ tasks: [1, 8], magnitudes: 3 })])(
    "weighs gradients of the representation as its namesake weighs those of the parameters",
    (rows) => {
      const gram = rows.map((row) => rows.map((other) => row.reduce((sum, value, i) => sum + value * (other[i] ?? 0), 0)));
      const tasks = rows.map((_, i) => i);
      const answer = (balancer: typeof mgda) => {
        const prepared = balancer.prepare({}, contextOf(rows.length));
        return { level: prepared.level, ...prepared.weigh({ tasks, losses: tasks, gram, step: 0, epoch: 0 }, prepared.start()) };
      };
      const [at, plain] = [answer(atRepresentation), answer(atParameters)];
      expect(at).toEqual({ ...plain, level: "representation" });
      expect(plain.level).toBe("parameters");
    },
  );
});
