/** A place in the space of the parameters; any dimension. */
export type Point = readonly number[];

/**
 * The synthetic problem of Pareto MTL (Lin et al., NeurIPS 2019): two bells upside down,
 *
 *   f1 = 1 − exp(−Σ (x_i − 1/√n)²),   f2 = 1 − exp(−Σ (x_i + 1/√n)²)
 *
 * Its front is concave: every weighted sum of the two ends at one of its ends.
 */
export function twoBells(point: Point): { readonly losses: readonly [number, number]; readonly gradients: readonly [Point, Point] } {
  const [first, second] = [bell(point, 1), bell(point, -1)];
  return { losses: [first.loss, second.loss], gradients: [first.gradient, second.gradient] };
}

function bell(point: Point, sign: 1 | -1): { readonly loss: number; readonly gradient: Point } {
  const away = point.map((value) => value - sign / Math.sqrt(point.length));
  const height = Math.exp(-away.reduce((sum, value) => sum + value * value, 0));
  return { loss: 1 - height, gradient: away.map((value) => 2 * value * height) };
}
