import { test } from "@fast-check/vitest";
import fc from "fast-check";
import { describe, expect } from "vitest";
import { nashMtl } from "../../../src/balancers/nash-mtl.ts";
import { fairgrad } from "../../../src/balancers/fairgrad.ts";
import { contextOf } from "./context.ts";
import { expectClose } from "./close.ts";
import { jacobians } from "./jacobians.ts";
import { combine, dot, gramOf, inputOf, norm, play, times, weightsOf, type Rows } from "./playing.ts";

describe("certificate", () => {
  test.prop([jacobians({ tasks: [1, 10], magnitudes: 8 }), fc.constantFrom(0.5, 1, 2, 5)], { numRuns: 300 })(
    "nash-mtl, fairgrad: `ok` means a relative residual of at most 1e-8; the others are stationary, or beyond what float64 can tell",
    (rows, alpha) => {
      const methods = [[fairgrad, { alpha }, alpha], ...(alpha === 1 ? [[nashMtl, { maxNorm: 0 }, 1] as const] : [])] as const;
      for (const [balancer, options, power] of methods) {
        const prepared = balancer.prepare(options, contextOf(rows.length));
        const { weights, status } = prepared.weigh(inputOf(rows), prepared.start());
        if (status === "stationary") {
          expect(weights.every((weight) => weight === 0)).toBe(true);
          continue;
        }
        const gram = gramOf(rows);
        const terms = gram.map((row) => row.reduce((sum, value, j) => sum + Math.abs(value) * (weights[j] ?? 0), 0));
        const cancelled = Math.max(...terms.map((term, i) => ((weights[i] ?? 0) > 0 ? term * (weights[i] ?? 0) ** (1 / power) : 0)));
        // Where so many digits cancel, no weights in float64 have that residual.
        if (status === "not-converged") expect(cancelled).toBeGreaterThan(1e6);
        if (status === "not-converged") continue;
        gram.forEach((row, i) => {
          if ((row[i] ?? 0) === 0) expect(weights[i]).toBe(0);
          else expect(Math.abs(dot(row, weights) * (weights[i] ?? 0) ** (1 / power) - 1)).toBeLessThanOrEqual(1e-7);
        });
      }
    },
  );

  test("nash-mtl: scales from 1e-4 to 1e3 in one matrix and zero rows are solved, where other libraries answer with the sum", () => {
    const rows = [times([1, 2, 0, 1], 1e-4), times([-1, 0.5, 1, 0], 1e3), [0.3, -1, 1, 2], [0, 0, 0, 0]];
    const weights = weightsOf(play("nash-mtl", rows, { maxNorm: 0 }));
    const d = combine(rows, weights);
    rows.slice(0, 3).forEach((row, i) => expect(dot(row, d) * (weights[i] ?? 0)).toBeCloseTo(1, 8));
    expect(weights[3]).toBe(0);
    expect(dot(d, d)).toBeCloseTo(3, 8);
  });
});

describe("updateEvery", () => {
  const rows: Rows = [
    [1, 0],
    [-0.5, 2],
    [0.3, 0.3],
  ];
  const other: Rows = [
    [0.1, 1],
    [3, 1],
    [1, -0.2],
  ];
  const prepared = nashMtl.prepare({ updateEvery: 3 }, contextOf(3));
  const moment = { tasks: [0, 1, 2], step: 0, epoch: 0 };
  const losses = { ...moment, losses: [1, 1, 1] };

  test("nash-mtl: asks for gradients in every third step, and in between answers with its last weights from the losses alone", () => {
    let state = prepared.start();
    const seen: (readonly [string, readonly number[]])[] = [];
    for (let step = 0; step < 7; step++) {
      const { needs } = prepared.demand(moment, state);
      const answer = prepared.weigh(needs === "gram" ? inputOf(step < 3 ? rows : other) : losses, state);
      seen.push([needs, answer.weights]);
      state = answer.state;
    }
    expect(seen.map(([needs]) => needs)).toEqual(["gram", "losses", "losses", "gram", "losses", "losses", "gram"]);
    const [first, second] = [rows, other].map((jacobian) => weightsOf(play("nash-mtl", jacobian)));
    for (const [, weights] of seen.slice(0, 3)) expect(weights).toEqual(first);
    for (const [, weights] of seen.slice(3)) expect(weights).toEqual(second);
    // The clipping of the step in which they were found goes with them.
    expect(norm(combine(rows, first ?? []))).toBeCloseTo(1, 9);
  });

  test("nash-mtl: tasks that were at the last bargain keep its weights where others are absent; one that was not asks for a new one", () => {
    const first = prepared.weigh(inputOf(rows.slice(0, 2), [1, 1], [0, 1]), prepared.start());
    const alone = { ...moment, tasks: [1] };
    expect(prepared.demand(alone, first.state).needs).toBe("losses");
    const second = prepared.weigh({ ...alone, losses: [1] }, first.state);
    expect(second.weights).toEqual([first.weights[1]]);
    expect(prepared.demand(moment, second.state).needs).toBe("gram");
    const third = prepared.weigh(inputOf(rows), second.state);
    expect(third.weights).toEqual(weightsOf(play("nash-mtl", rows)));
    expect(prepared.demand(moment, third.state).needs).toBe("losses");
    // A bargain without task 2 leaves its weight alone.
    const due = { ...third.state, since: [3] };
    const fourth = prepared.weigh(inputOf(other.slice(0, 2), [1, 1], [0, 1]), due);
    expect(fourth.state["last"]?.[2]).toBe(third.weights[2]);
    expect(prepared.demand(moment, fourth.state).needs).toBe("losses");
  });

  test("nash-mtl: by default every step is a bargain", () => {
    const every = nashMtl.prepare({}, contextOf(3));
    let state = every.start();
    for (const jacobian of [rows, other, rows]) {
      expect(every.demand(moment, state).needs).toBe("gram");
      const answer = every.weigh(inputOf(jacobian), state);
      expectClose(answer.weights, weightsOf(play("nash-mtl", jacobian)), 1e-15);
      state = answer.state;
    }
  });
});
