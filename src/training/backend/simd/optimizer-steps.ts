import type { Body } from "./assembler.ts";
import type { Doubles, DoublesVariable, IntVariable, Vector } from "./expressions.ts";
import { type Routine, routine } from "./routine.ts";

/**
 * The steps of src/training/optimizers on addresses: in double precision, rounded where those round, and in their order, so that both
 * give the same bits. Each writes θ ← kept θ − Δ to `moved` (which may be `parameter` itself) or, without a parameter, Δ alone.
 *
 * `coefficients` are doubles, in the order in which a step names them.
 */

/** Doubles that are computed at a time, and the bytes of as many floats. */
const lanes = 2;
const pairBytes = 8;

export type Target = "parameter" | "update";

/** Where a step is in its vectors. */
interface Step {
  readonly body: Body;
  readonly gradient: DoublesVariable;
  /** The coefficients, each twice. */
  readonly c: readonly DoublesVariable[];
  /** What lies at an operand now. */
  readonly read: (name: string) => Doubles;
  /** Rounded to single precision. */
  readonly write: (name: string, value: Doubles) => void;
}

/** Δ = η g. Coefficients: η */
export const plainStep = (target: Target): Routine => step(target, [], 1, ({ gradient, c: [rate] }) => gradient.times(given(rate)));

/** b ← μ b + g,   Δ = η b. Coefficients: η, μ */
export const momentumStep = (target: Target): Routine =>
  step(target, ["momentum"], 2, (at) => {
    const [rate, kept] = [given(at.c[0]), given(at.c[1])];
    return rate.times(momentum(at, kept));
  });

/** b ← μ b + g,   Δ = η (g + μ b). Coefficients: η, μ */
export const nesterovStep = (target: Target): Routine =>
  step(target, ["momentum"], 2, (at) => {
    const [rate, kept] = [given(at.c[0]), given(at.c[1])];
    return rate.times(at.gradient.plus(kept.times(momentum(at, kept))));
  });

/**
 * m ← β1 m + (1−β1) g,   v ← β2 v + (1−β2) g²,   Δ = η' m / (√(v c) + ε)
 *
 * Coefficients: η' = η / (1−β1ᵗ), β1, 1−β1, β2, 1−β2, c = 1 / (1−β2ᵗ), ε
 */
export const adamStep = (target: Target): Routine =>
  step(target, ["mean", "square"], 7, (at) => {
    const { body, gradient, c } = at;
    const [rate, kept1, fresh1, kept2, fresh2] = [given(c[0]), given(c[1]), given(c[2]), given(c[3]), given(c[4])];
    const [correction, epsilon] = [given(c[5]), given(c[6])];
    const mean = body.doubles(kept1.times(at.read("mean")).plus(fresh1.times(gradient)));
    const square = body.doubles(kept2.times(at.read("square")).plus(fresh2.times(gradient).times(gradient)));
    at.write("mean", mean);
    at.write("square", square);
    return rate.times(mean).dividedBy(square.times(correction).root().plus(epsilon));
  });

/** v ← ρ v + φ g²,   Δ = η g / (√v + ε): RMSProp with φ = 1−ρ, Adagrad with ρ = φ = 1. Coefficients: η, ρ, φ, ε */
export const squareStep = (target: Target): Routine =>
  step(target, ["square"], 4, (at) => {
    const { body, gradient, c } = at;
    const [rate, kept, fresh, epsilon] = [given(c[0]), given(c[1]), given(c[2]), given(c[3])];
    const square = body.doubles(kept.times(at.read("square")).plus(fresh.times(gradient).times(gradient)));
    at.write("square", square);
    return rate.times(gradient).dividedBy(square.root().plus(epsilon));
  });

/** Δ = f g / (√(v c) + ε), the part of a step due to a gradient; v stays. Coefficients: f, c, ε */
export const attributedStep: Routine = step("update", ["square"], 3, ({ gradient, c, read }) => {
  const [factor, correction, epsilon] = [given(c[0]), given(c[1]), given(c[2])];
  return factor.times(gradient).dividedBy(read("square").times(correction).root().plus(epsilon));
});

/** θ ← kept θ − Δ with a Δ at hand. Coefficients: none */
export const move: Routine = step("parameter", [], 0, ({ gradient }) => gradient);

function momentum({ body, gradient, read, write }: Step, kept: Doubles): Doubles {
  const sum = body.doubles(kept.times(read("momentum")).plus(gradient));
  write("momentum", sum);
  return sum;
}

/** A step over `count` numbers: parameters gradient, [parameter,] moved, the buffers, count, coefficients[, and last of these kept]. */
function step(target: Target, buffers: readonly string[], coefficients: number, compute: (at: Step) => Doubles): Routine {
  const operands = ["gradient", ...(target === "parameter" ? ["parameter"] : []), "moved", ...buffers];
  return routine([...operands, "count", "coefficients"], (body, p) => {
    const c = Array.from({ length: coefficients }, (_, i) => body.doubles(p("coefficients").splatDouble(i * 8)));
    const kept = body.doubles();
    if (target === "parameter") body.set(kept, p("coefficients").splatDouble(coefficients * 8));
    const gradient = body.doubles();

    body.while(p("count").atLeast(2 * lanes), () => {
      for (const offset of [0, pairBytes]) {
        const write = (address: IntVariable, value: Vector): void => {
          body.storePair(address, value, offset);
        };
        some((address) => address.pair(offset), write);
      }
      for (const name of operands) body.advance(p(name), 2 * pairBytes);
      body.advance(p("count"), -2 * lanes);
    });
    body.while(p("count").greaterThan(0), () => {
      const write = (address: IntVariable, value: Vector): void => {
        body.storeLane(address, value, 0);
      };
      some((address) => address.lone(), write);
      for (const name of operands) body.advance(p(name), 4);
      body.advance(p("count"), -1);
    });

    function some(load: (address: IntVariable) => Vector, store: (address: IntVariable, value: Vector) => void): void {
      body.set(gradient, load(p("gradient")).doubled());
      const read = (name: string): Doubles => load(p(name)).doubled();
      const update = compute({ body, gradient, c, read, write: (name, value) => store(p(name), value.rounded()) }).rounded();
      store(p("moved"), target === "parameter" ? kept.times(read("parameter")).minus(update.doubled()).rounded() : update);
    }
  });
}

function given(value: DoublesVariable | undefined): DoublesVariable {
  if (value === undefined) throw new RangeError("A step declares as many coefficients as it uses.");
  return value;
}
