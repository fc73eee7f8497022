import type { Body } from "./assembler.ts";
import { type Doubles, type IntVariable, type Vector, type VectorVariable, noDoubles, zeros } from "./expressions.ts";
import { binBytes } from "./ownership.ts";
import { type Routine, at, routine } from "./routine.ts";

/**
 * The routines of ownership.ts in single precision, four numbers at a time, and paces and totals are floats: for gradients and accumulators that
 * were rounded otherwise than ours already.
 */

const vectorBytes = 16;
const lanes = [0, 1, 2, 3] as const;

/**
 * What AU is multiplied with before it is divided, and the total too: some AU of what moves no longer are so small that 1 ⁄ total would overflow.
 */
export const shareScale = 2 ** 40;

const pacesOfSquares: Routine = routine(["square", "out", "vectors", "coefficients"], (body, p) => {
  const c = coefficients(body, p("coefficients"), 3);
  const [rate, correction, epsilon] = [at(c, 0), at(c, 1), at(c, 2)];
  body.countDown(p("vectors"), () => {
    body.store(p("out"), rate.dividedBy(p("square").vector().times(correction).root().plus(epsilon)));
    for (const name of ["square", "out"] as const) body.advance(p(name), vectorBytes);
  });
});

const accumulateMoves: Routine = routine(["gradient", "paces", "accumulated", "totals", "vectors", "coefficients"], (body, p) => {
  const c = coefficients(body, p("coefficients"), 3);
  const [weight, kept, fresh] = [at(c, 0), at(c, 1), at(c, 2)];
  const [moved, after] = [body.vector(), body.vector()];
  body.countDown(p("vectors"), () => {
    body.set(moved, weight.times(p("paces").vector()).times(p("gradient").vector()));
    body.set(after, kept.times(p("accumulated").vector()).plus(fresh.times(moved).times(moved)));
    body.store(p("accumulated"), after);
    body.store(p("totals"), p("totals").vector().plus(after));
    for (const name of ["gradient", "paces", "accumulated", "totals"] as const) body.advance(p(name), vectorBytes);
  });
});

/** Coefficients: 1, `shareScale` */
const invertTotals: Routine = routine(["totals", "vectors", "idle", "coefficients"], (body, p) => {
  const c = coefficients(body, p("coefficients"), 2);
  const [one, scale] = [at(c, 0), at(c, 1)];
  const total = body.vector();
  const idle = body.int(p("idle").integer());
  body.countDown(p("vectors"), () => {
    body.set(total, p("totals").vector());
    body.advance(idle, total.countEqual(zeros));
    body.store(p("totals"), one.dividedBy(total.times(scale)).and(total.greaterThan(zeros)));
    body.advance(p("totals"), vectorBytes);
  });
  body.storeInteger(p("idle"), idle);
});

/** Coefficients: the threshold, how many bins there are to 1, `shareScale` */
const countShares: Routine = routine(["accumulated", "inverse", "vectors", "sum", "above", "bins", "coefficients"], (body, p) => {
  const c = coefficients(body, p("coefficients"), 3);
  const [threshold, bins, scale] = [at(c, 0), at(c, 1), at(c, 2)];
  const share = body.vector();
  const sums = [body.doubles(noDoubles), body.doubles(noDoubles)];
  const places = body.integers();
  const above = body.int(p("above").integer());
  const bin = body.int();
  body.countDown(p("vectors"), () => {
    body.set(share, p("accumulated").vector().times(scale).times(p("inverse").vector()));
    body.set(at(sums, 0), at(sums, 0).plus(share.doubled()));
    body.set(at(sums, 1), at(sums, 1).plus(share.shuffled(share, [2, 3, 2, 3]).doubled()));
    body.advance(above, share.countGreater(threshold));
    body.set(places, share.times(bins).truncated());
    for (const lane of lanes) {
      body.set(bin, p("bins").plus(places.lane(lane).times(4)));
      body.storeInteger(bin, bin.integer(lane * binBytes).plus(1), lane * binBytes);
    }
    for (const name of ["accumulated", "inverse"] as const) body.advance(p(name), vectorBytes);
  });
  body.set(at(sums, 0), at(sums, 0).plus(at(sums, 1)));
  body.storeDoubles(p("sum"), at(sums, 0).plus(at(sums, 0).second()));
  body.storeInteger(p("above"), above);
});

/** Sums of a few elements each are single; what there was at `out` before, and they together, is double. */
const multiplyRows: Routine = routine(["a", "b", "c", "d", "vectors", "out"], (body, p) => {
  const names = ["a", "b", "c", "d"] as const;
  const values = names.map(() => body.vector());
  const sums = lanes.map(() => body.vector(zeros));
  body.countDown(p("vectors"), () => {
    names.forEach((name, i) => body.set(at(values, i), p(name).vector()));
    sums.forEach((sum, i) => body.set(sum, sum.plus(at(values, i >> 1).times(at(values, 2 + (i & 1))))));
    for (const name of names) body.advance(p(name), vectorBytes);
  });
  const total = (sum: VectorVariable): Doubles => {
    const halves = body.doubles(sum.doubled().plus(sum.shuffled(sum, [2, 3, 2, 3]).doubled()));
    return halves.plus(halves.second());
  };
  for (const row of [0, 1]) {
    const two = body.doubles(total(at(sums, 2 * row)).firstAnd(total(at(sums, 2 * row + 1))));
    body.storeDoubles(
      p("out"),
      p("out")
        .doubles(row * vectorBytes)
        .plus(two),
      row * vectorBytes,
    );
  }
});

export const inFloats = { pacesOfSquares, accumulateMoves, invertTotals, countShares, multiplyRows };

/** Doubles that lie one after the other, each four times. */
function coefficients(body: Body, address: IntVariable, count: number): readonly VectorVariable[] {
  return Array.from({ length: count }, (_, i) => {
    const twice: Vector = address.splatDouble(i * 8).rounded();
    return body.vector(twice.shuffled(twice, [0, 0, 0, 0]));
  });
}
