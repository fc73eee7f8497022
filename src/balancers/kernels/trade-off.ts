import { affineSquaredNorm, minNormPoint } from "./min-norm.ts";
import { lengthsOf, products, squaredNorm, total, type Gram } from "./vectors.ts";

export interface TradeOff {
  /** Point of the simplex. */
  readonly weights: readonly number[];
  /** ‖g_w‖; 0 where the problem is degenerate. */
  readonly norm: number;
  readonly converged: boolean;
}

/**
 * CAGrad's problem: minimise `g_w·g_0 + κ ‖g_w‖` over the simplex, with g_0 the mean gradient.
 *
 * With `‖g‖ = min over t > 0 of (t + ‖g‖²/t) / 2` it is convex in (w, t) together, and for a fixed t the best w is the
 * minimum-norm point of the hull moved by `(t/κ) g_0`, which Wolfe's algorithm finds exactly. What remains is one
 * increasing equation, `‖g_w(t)‖ = t`, solved from piece to piece, or by bracketing. Degenerate where only t = 0 solves it.
 */
export function minimiseTradeOff(gram: Gram, kappa: number): TradeOff {
  const lengths = lengthsOf(gram).filter((length) => length > 0);
  const [longest, floor] = [Math.max(...lengths), 1e-6 * Math.min(...lengths)];
  let near: readonly number[] | undefined;
  const at = (t: number): Point => {
    const { weights, converged } = minNormPoint(moved(gram, t / kappa), near);
    near = weights;
    return { t, weights, converged, norm: Math.sqrt(squaredNorm(gram, weights)) };
  };
  const found = alongPieces(gram, at, longest, floor);
  if (found !== undefined && !isRounding(gram, found)) return { weights: found.weights, norm: found.norm, converged: found.converged };
  return bracketed(gram, at, longest, floor);
}

interface Point {
  readonly t: number;
  readonly weights: readonly number[];
  readonly converged: boolean;
  readonly norm: number;
}

/** Of ‖g_w‖ over t, between −1 and 1. */
function excess({ norm, t }: Point): number {
  return (norm - t) / (norm + t);
}

/** Where the vectors in use stay the same, ‖g_w(t)‖² is a straight line in t²: from piece to piece to the one that holds the answer. */
function alongPieces(gram: Gram, at: (t: number) => Point, longest: number, floor: number): Point | undefined {
  let point = at(longest);
  for (let round = 0; round < 12; round++) {
    if (Math.abs(excess(point)) <= 1e-13) return point;
    const { t, norm, weights } = point;
    const start = affineSquaredNorm(
      gram,
      weights.flatMap((weight, i) => (weight > 0 ? [i] : [])),
    );
    const next = Math.sqrt(start / (1 - (norm * norm - start) / (t * t)));
    if (!(next > floor && next <= longest)) return undefined;
    point = at(next);
  }
  return undefined;
}

function bracketed(gram: Gram, at: (t: number) => Point, longest: number, floor: number): TradeOff {
  let high = at(longest);
  let low = at(lowest(gram, floor));
  if (excess(low) <= 0 || isRounding(gram, low)) return { weights: low.weights, norm: 0, converged: low.converged };
  // Illinois' rule: a secant in ln t, with the weight of an end halved when it stays twice.
  let [atLow, atHigh] = [excess(low), excess(high)];
  let best = high;
  for (let round = 0; round < 100 && high.t / low.t > 1 + 1e-14; round++) {
    const share = atLow / (atLow - atHigh);
    const t = Math.exp(Math.log(low.t) + Math.min(0.999, Math.max(0.001, share)) * Math.log(high.t / low.t));
    best = at(t);
    const value = excess(best);
    if (Math.abs(value) <= 1e-13) break;
    if (value > 0) {
      [low, atLow] = [best, value];
      atHigh /= 2;
    } else {
      [high, atHigh] = [best, value];
      atLow /= 2;
    }
  }
  return { weights: best.weights, norm: best.norm, converged: best.converged && Math.abs(excess(best)) <= 1e-8 };
}

/** No point of the hull is shorter than its minimum-norm point; where that is 0, a trade-off far below the shortest vector is none. */
function lowest(gram: Gram, floor: number): number {
  const { weights } = minNormPoint(gram);
  const norm = Math.sqrt(squaredNorm(gram, weights));
  return isRounding(gram, { norm, weights }) ? floor : 0.999 * norm;
}

/** Whether a combination is so short against the vectors in it that its length is what rounding left of them. */
function isRounding(gram: Gram, { norm, weights }: Pick<Point, "norm" | "weights">): boolean {
  const terms = total(gram.map((row, i) => total(row.map((value, j) => Math.abs(value) * (weights[i] ?? 0) * (weights[j] ?? 0)))));
  return norm <= 1e-6 * Math.sqrt(terms);
}

/** Gram matrix of the rows `g_i + s g_0`. */
function moved(gram: Gram, s: number): Gram {
  const mean = products(
    gram,
    gram.map(() => 1 / gram.length),
  );
  const square = total(mean) / gram.length;
  return gram.map((row, i) => row.map((value, j) => value + s * ((mean[i] ?? 0) + (mean[j] ?? 0)) + s * s * square));
}
