import { type Routine, routine } from "./routine.ts";
import { zeros } from "./expressions.ts";

/**
 * GradDrop's masks, as src/balancers/kernels/sign-masks.ts has them: in double precision, rounded where that rounds. `count` is of vectors of four
 * floats, at least one; what lies behind must be readable.
 */

const bytes = { floats: 16, doubles: 32 };

/** The two halves of a vector: offsets of its floats, and of as many doubles. */
const halves = [
  { floats: 0, doubles: 0 },
  { floats: 8, doubles: 16 },
];

/** sums += x,   sizes += |x| */
export const addSizes: Routine = routine(["x", "sums", "sizes", "count"], (body, p) => {
  body.countDown(p("count"), () => {
    for (const { floats, doubles } of halves) {
      const x = body.vector(p("x").pair(floats));
      body.storeDoubles(p("sums"), p("sums").doubles(doubles).plus(x.doubled()), doubles);
      body.storeDoubles(p("sizes"), p("sizes").doubles(doubles).plus(x.size().doubled()), doubles);
    }
    body.advance(p("x"), bytes.floats);
    for (const address of [p("sums"), p("sizes")]) body.advance(address, bytes.doubles);
  });
});

/**
 * Writes over `sums` what passes of a positive element and over `sizes` what passes of a negative one: 1 or ℓ, as ½ (1 + k Σ / Σ|·|) > U says,
 * U = bits / 2³². Where all are 0 there is nothing to pass. Coefficients: k, ℓ, 1, ½, 2⁻³²
 */
export const drawSigns: Routine = routine(["sums", "sizes", "bits", "count", "coefficients"], (body, p) => {
  const coefficient = (index: number): ReturnType<typeof body.doubles> => body.doubles(p("coefficients").splatDouble(index * 8));
  const [k, leak, one, half, unit] = [coefficient(0), coefficient(1), coefficient(2), coefficient(3), coefficient(4)];
  body.countDown(p("count"), () => {
    for (const { floats, doubles } of halves) {
      const uniform = p("bits").pair(floats).wholeDoubled().times(unit);
      const purity = k.times(p("sums").doubles(doubles)).dividedBy(p("sizes").doubles(doubles));
      const isPositive = body.doubles(half.times(one.plus(purity)).greaterThan(uniform));
      body.storeDoubles(p("sums"), one.where(isPositive, leak), doubles);
      body.storeDoubles(p("sizes"), leak.where(isPositive, one), doubles);
    }
    for (const address of [p("sums"), p("sizes")]) body.advance(address, bytes.doubles);
    body.advance(p("bits"), bytes.floats);
  });
});

/** out += w m, with m = max(0, x) up + min(0, x) down rounded to a float; `weight` is the address of w. */
export const addMasked: Routine = routine(["x", "up", "down", "weight", "out", "count"], (body, p) => {
  const weight = body.doubles(p("weight").splatDouble());
  body.countDown(p("count"), () => {
    for (const { floats, doubles } of halves) {
      const x = body.vector(p("x").pair(floats));
      const up = zeros.max(x).doubled().times(p("up").doubles(doubles));
      const down = zeros.min(x).doubled().times(p("down").doubles(doubles));
      const masked = up.plus(down).rounded().doubled();
      body.storeDoubles(p("out"), p("out").doubles(doubles).plus(weight.times(masked)), doubles);
    }
    body.advance(p("x"), bytes.floats);
    for (const address of [p("up"), p("down"), p("out")]) body.advance(address, bytes.doubles);
  });
});
