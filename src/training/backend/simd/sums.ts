import { type DoublesVariable, type Int, type IntVariable, noDoubles } from "./expressions.ts";
import { type Routine, at, routine } from "./routine.ts";

/** Sums over gradients in double precision: inner products, and what weights make of several. */

const lanes = 4;
const vectorBytes = 16;

/**
 * The four inner products of two vectors of `count` floats with two others. Two doubles for each of a·c, a·d, b·c and b·d,
 * to be added up, are written to `out`.
 */
export const fourProducts: Routine = routine(["a", "b", "c", "d", "out", "count"], (body, p) => {
  const operands = [p("a"), p("b"), p("c"), p("d")];
  const values = operands.map(() => body.doubles());
  // The halves of a vector have sums of their own: a sum that waits for the one before is slow.
  const halves = [0, 8].map(() => Array.from({ length: 4 }, () => body.doubles(noDoubles)));

  body.while(p("count").atLeast(lanes), () => {
    halves.forEach((sums, half) => addTo(sums, (address) => address.pair(half * 8)));
    for (const address of operands) body.advance(address, vectorBytes);
    body.advance(p("count"), -lanes);
  });
  body.while(p("count").greaterThan(0), () => {
    addTo(at(halves, 0), (address) => address.lone());
    for (const address of operands) body.advance(address, 4);
    body.advance(p("count"), -1);
  });
  at(halves, 0).forEach((sum, i) => body.storeDoubles(p("out"), sum.plus(at(at(halves, 1), i)), i * vectorBytes));

  function addTo(sums: readonly DoublesVariable[], read: (address: Int) => ReturnType<IntVariable["lone"]>): void {
    values.forEach((value, i) => body.set(value, read(at(operands, i)).doubled()));
    sums.forEach((sum, i) => body.set(sum, sum.plus(at(values, i >> 1).times(at(values, 2 + (i & 1))))));
  }
});

/** The inner product of two vectors of `count` floats, as two doubles at `out` to be added up. */
export const oneProduct: Routine = routine(["a", "b", "out", "count"], (body, p) => {
  const [low, high] = [body.doubles(noDoubles), body.doubles(noDoubles)];
  body.while(p("count").atLeast(lanes), () => {
    body.set(low, low.plus(p("a").pair().doubled().times(p("b").pair().doubled())));
    body.set(high, high.plus(p("a").pair(8).doubled().times(p("b").pair(8).doubled())));
    for (const address of [p("a"), p("b")]) body.advance(address, vectorBytes);
    body.advance(p("count"), -lanes);
  });
  body.while(p("count").greaterThan(0), () => {
    body.set(low, low.plus(p("a").lone().doubled().times(p("b").lone().doubled())));
    for (const address of [p("a"), p("b")]) body.advance(address, 4);
    body.advance(p("count"), -1);
  });
  body.storeDoubles(p("out"), low.plus(high));
});

/** sums[i] += weight · x[i], doubles, for `count` vectors of four. What lies behind `x` must be readable. */
export const addWeighted: Routine = routine(["x", "weight", "sums", "count"], (body, p) => {
  const weight = body.doubles(p("weight").splatDouble());
  body.countDown(p("count"), () => {
    for (const half of [0, 1]) {
      const offset = half * vectorBytes;
      body.storeDoubles(
        p("sums"),
        p("sums")
          .doubles(offset)
          .plus(
            p("x")
              .pair(half * 8)
              .doubled()
              .times(weight),
          ),
        offset,
      );
    }
    body.advance(p("x"), vectorBytes);
    body.advance(p("sums"), 2 * vectorBytes);
  });
});

/** out = `count` doubles rounded to floats. */
export const roundDoubles: Routine = routine(["from", "out", "count"], (body, p) => {
  body.while(p("count").atLeast(2), () => {
    body.storePair(p("out"), p("from").doubles().rounded());
    body.advance(p("from"), vectorBytes);
    body.advance(p("out"), 8);
    body.advance(p("count"), -2);
  });
  body.if(p("count").greaterThan(0), () => body.storeLane(p("out"), p("from").doubles().rounded(), 0));
});
