import type { Body } from "./assembler.ts";
import { type DoublesVariable, type IntVariable, noDoubles } from "./expressions.ts";
import { type Routine, at, routine } from "./routine.ts";

/**
 * What each task moved, and which share of an element is whose: src/training/optimizers and src/training/dominance.ts on addresses, in
 * double precision, rounded where those round, and in their order, so that both give the same bits. `vectors` counts fours of numbers.
 */

const halves = [0, 1] as const;
const pairBytes = 8;
const vectorBytes = 16;

/** out = η / (√(v c) + ε), doubles. Coefficients: η, c, ε */
const pacesOfSquares: Routine = routine(["square", "out", "vectors", "coefficients"], (body, p) => {
  const c = coefficients(body, p("coefficients"), 3);
  const [rate, correction, epsilon] = [at(c, 0), at(c, 1), at(c, 2)];
  body.countDown(p("vectors"), () => {
    for (const half of halves) {
      const root = p("square")
        .pair(half * pairBytes)
        .doubled()
        .times(correction)
        .root();
      body.storeDoubles(p("out"), rate.dividedBy(root.plus(epsilon)), half * vectorBytes);
    }
    body.advance(p("square"), vectorBytes);
    body.advance(p("out"), 2 * vectorBytes);
  });
});

/**
 * AU ← γⁿ AU + (1 − γⁿ) Δ² with Δ = w · pace · g, and what AU is then is added to the totals, doubles. Coefficients: w, γⁿ, 1 − γⁿ
 */
const accumulateMoves: Routine = routine(["gradient", "paces", "accumulated", "totals", "vectors", "coefficients"], (body, p) => {
  const c = coefficients(body, p("coefficients"), 3);
  const [weight, kept, fresh] = [at(c, 0), at(c, 1), at(c, 2)];
  const moved = body.doubles();
  const after = body.vector();
  body.countDown(p("vectors"), () => {
    for (const half of halves) {
      const [floats, doubles] = [half * pairBytes, half * vectorBytes];
      body.set(moved, weight.times(p("paces").doubles(doubles)).times(p("gradient").pair(floats).doubled()).rounded().doubled());
      const before = p("accumulated").pair(floats).doubled();
      body.set(after, kept.times(before).plus(fresh.times(moved).times(moved)).rounded());
      body.storePair(p("accumulated"), after, floats);
      body.storeDoubles(p("totals"), p("totals").doubles(doubles).plus(after.doubled()), doubles);
    }
    for (const name of ["gradient", "accumulated"] as const) body.advance(p(name), vectorBytes);
    for (const name of ["paces", "totals"] as const) body.advance(p(name), 2 * vectorBytes);
  });
});

/** totals ← 1 / totals, or 0 where they are not above 0; how many are 0 is added to the whole number at `idle`. Coefficients: 1 */
const invertTotals: Routine = routine(["totals", "vectors", "idle", "coefficients"], (body, p) => {
  const one = at(coefficients(body, p("coefficients"), 1), 0);
  const total = body.doubles();
  const idle = body.int(p("idle").integer());
  body.countDown(p("vectors"), () => {
    for (const half of halves) {
      body.set(total, p("totals").doubles(half * vectorBytes));
      body.advance(idle, total.countEqual(noDoubles));
      body.storeDoubles(p("totals"), one.dividedBy(total).whereGreater(total, noDoubles), half * vectorBytes);
    }
    body.advance(p("totals"), 2 * vectorBytes);
  });
  body.storeInteger(p("idle"), idle);
});

/** Bytes of the counts of all bins. There are four of them, one after the other: an element would wait for one before it in the same bin. */
export const binBytes = 32 * 4;

/**
 * Of shares AU ⁄ total: their sum, in the order of the elements, to the double at `sum`; how many are above the threshold is added to the whole
 * number at `above`, and how many are in each bin to those at `bins`. Coefficients: the threshold, how many bins there are to 1
 */
const countShares: Routine = routine(["accumulated", "inverse", "vectors", "sum", "above", "bins", "coefficients"], (body, p) => {
  const c = coefficients(body, p("coefficients"), 2);
  const [threshold, scale] = [at(c, 0), at(c, 1)];
  const share = body.doubles();
  const sum = body.doubles(noDoubles);
  const bins = body.integers();
  const above = body.int(p("above").integer());
  const bin = body.int();
  body.countDown(p("vectors"), () => {
    for (const half of halves) {
      const own = p("accumulated")
        .pair(half * pairBytes)
        .doubled();
      body.set(share, own.times(p("inverse").doubles(half * vectorBytes)));
      // Of the sum only the first counts.
      body.set(sum, sum.plus(share).plus(share.second()));
      body.advance(above, share.countGreater(threshold));
      body.set(bins, share.times(scale).truncated());
      for (const lane of halves) {
        body.set(bin, p("bins").plus(bins.lane(lane).times(4)));
        const table = (2 * half + lane) * binBytes;
        body.storeInteger(bin, bin.integer(table).plus(1), table);
      }
    }
    body.advance(p("accumulated"), vectorBytes);
    body.advance(p("inverse"), 2 * vectorBytes);
  });
  body.storeDoubles(p("sum"), sum);
  body.storeInteger(p("above"), above);
});

/** The four products of two rows with two others, each summed up in the order of the elements, are added to the four doubles at `out`. */
const multiplyRows: Routine = routine(["a", "b", "c", "d", "vectors", "out"], (body, p) => {
  const names = ["a", "b", "c", "d"] as const;
  const values = names.map(() => body.doubles());
  const [first, second] = [body.doubles(), body.doubles()];
  // Of a with c and with d, and of b.
  const sums = halves.map((half) => body.doubles(p("out").doubles(half * vectorBytes)));
  body.countDown(p("vectors"), () => {
    for (const half of halves) {
      names.forEach((name, i) =>
        body.set(
          at(values, i),
          p(name)
            .pair(half * pairBytes)
            .doubled(),
        ),
      );
      body.set(first, at(values, 2).firstAnd(at(values, 3)));
      body.set(second, at(values, 2).secondAnd(at(values, 3)));
      sums.forEach((sum, i) => {
        const own = at(values, i);
        body.set(sum, sum.plus(own.first().times(first)).plus(own.second().times(second)));
      });
    }
    for (const name of names) body.advance(p(name), vectorBytes);
  });
  sums.forEach((sum, half) => body.storeDoubles(p("out"), sum, half * vectorBytes));
});

export const inDoubles = { pacesOfSquares, accumulateMoves, invertTotals, countShares, multiplyRows };

/** Doubles that lie one after the other, each twice. */
function coefficients(body: Body, address: IntVariable, count: number): readonly DoublesVariable[] {
  return Array.from({ length: count }, (_, i) => body.doubles(address.splatDouble(i * 8)));
}
