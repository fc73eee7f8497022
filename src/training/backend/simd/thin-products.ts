import { type Vector, zeros } from "./expressions.ts";
import { transposed } from "./products.ts";
import { type Routine, at, routine } from "./routine.ts";

/** Products with a vector or of two vectors, where panels would be mostly empty: a head with one output, forward and back. */

const lanes = 4;
const vectorBytes = 16;

/**
 * A matrix times a vector, `group` rows at a time:
 *
 *   out[row] = max?(bias + Σ_k a[row][k] · b[k])
 *
 * The last group reaches back and computes some rows again, so there must be at least `group` rows. Strides are bytes.
 */
export function rowsTimesVector(group: 1 | 4): Routine {
  return routine(["a", "aRow", "b", "out", "rowCount", "length", "bias", "relu"], (body, p) => {
    const [row, first, b, k] = [body.int(0), body.int(), body.int(), body.int()];
    const a = Array.from({ length: group }, () => body.int());
    const sums = a.map(() => body.vector());
    const [bias, total, factor] = [body.vector(zeros), body.vector(), body.vector()];
    body.if(p("bias"), () => body.set(bias, p("bias").splat()));
    body.while(row.lessThan(p("rowCount")), () => {
      const end = p("rowCount").minus(group);
      body.set(first, row.where(row.lessThan(end), end));
      a.forEach((address, r) => body.set(address, r === 0 ? p("a").plus(first.times(p("aRow"))) : at(a, r - 1).plus(p("aRow"))));
      for (const sum of sums) body.set(sum, zeros);
      body.set(b, p("b"));
      body.set(k, p("length"));
      body.while(k.atLeast(lanes), () => accumulate(lanes, b.vector(), (address) => address.vector()));
      body.while(k.greaterThan(0), () => accumulate(1, b.lone(), (address) => address.lone()));

      const [c0, c1, c2, c3] = transposed(group === 4 ? sums : Array.from({ length: 4 }, () => at(sums, 0)));
      if (c0 === undefined || c1 === undefined || c2 === undefined || c3 === undefined) throw new RangeError("Four columns.");
      body.set(total, c0.plus(c1).plus(c2.plus(c3)).plus(bias));
      body.if(p("relu"), () => body.set(total, total.max(zeros)));
      const out = p("out").plus(first.times(4));
      if (group === 4) body.store(out, total);
      else body.storeLane(out, total, 0);
      body.advance(row, group);
    });

    function accumulate(numbers: number, ofB: Vector, ofA: (address: (typeof a)[number]) => Vector): void {
      body.set(factor, ofB);
      sums.forEach((sum, r) => body.set(sum, sum.plus(ofA(at(a, r)).times(factor))));
      for (const address of [...a, b]) body.advance(address, numbers * 4);
      body.advance(k, -numbers);
    }
  });
}

/**
 * A vector times a matrix, `group` rows at a time: sums[v] += Σ_row factors[row] · x[row][v], for `width` vectors. What lies
 * behind the last row must be readable where rows are no whole vectors. Strides are bytes.
 */
export function addScaledRows(group: 1 | 4): Routine {
  return routine(["x", "xRow", "factors", "sums", "width", "groupCount"], (body, p) => {
    const [sum, v] = [body.int(), body.int()];
    const x = Array.from({ length: group }, () => body.int());
    const factors = x.map(() => body.vector());
    body.countDown(p("groupCount"), () => {
      x.forEach((address, r) => body.set(address, r === 0 ? p("x") : at(x, r - 1).plus(p("xRow"))));
      factors.forEach((factor, r) => body.set(factor, p("factors").splat(r * 4)));
      body.set(sum, p("sums"));
      body.set(v, p("width"));
      body.countDown(v, () => {
        const scaled = x.map((address, r) => address.vector().times(at(factors, r)));
        body.store(
          sum,
          scaled.reduce((total, next) => total.plus(next), sum.vector()),
        );
        for (const address of [...x, sum]) body.advance(address, vectorBytes);
      });
      body.advance(p("x"), p("xRow").times(group));
      body.advance(p("factors"), group * 4);
    });
  });
}

/** out[row][column] = a[row] · b[column], with at least four columns; the last vector of a row reaches back. */
export const outerProduct: Routine = routine(["a", "b", "out", "rowCount", "columns"], (body, p) => {
  const [b, left] = [body.int(), body.int()];
  const factor = body.vector();
  body.countDown(p("rowCount"), () => {
    body.set(factor, p("a").splat());
    body.set(b, p("b"));
    body.set(left, p("columns"));
    body.while(left.atLeast(lanes), () => {
      body.store(p("out"), b.vector().times(factor));
      for (const address of [b, p("out")]) body.advance(address, vectorBytes);
      body.advance(left, -lanes);
    });
    body.if(left.greaterThan(0), () => {
      for (const address of [b, p("out")]) body.advance(address, left.minus(lanes).times(4));
      body.store(p("out"), b.vector().times(factor));
      body.advance(p("out"), vectorBytes);
    });
    body.advance(p("a"), 4);
  });
});
