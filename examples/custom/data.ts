import { defineData, type Random, type Rows } from "taskscope";

/**
 * Two regressions whose relatedness is set, after the synthetic data of Ma et al. (MMoE, KDD 2018): each looks along a direction of its
 * own, and the angle between the two decides how much they have in common. The third task tells which of the two is greater, and has
 * no label where they are close.
 *
 *   y_k = w_k·x + Σ_i sin(α_i w_k·x + β_i) + ε,   ε ~ N(0, 0.1²),   cos ∠(w_1, w_2) = relatedness
 */
const features = 20;
const close = 0.25;

export default defineData(({ random, options }) => {
  const rows = numberOf(options["rows"], 3000);
  const relatedness = numberOf(options["relatedness"], 0.5);
  const tasks = directions(relatedness, random).map((direction) => task(direction, random));
  const draw = (count: number): Rows => drawRows(count, tasks, random);
  return {
    inputs: [{ name: "x", shape: [features] }],
    tasks: { order: { classes: ["first", "second"] } },
    splits: { train: draw(rows), validation: draw(Math.ceil(rows / 5)), test: draw(Math.ceil(rows / 5)) },
  };
});

type Task = (x: Float32Array) => number;

function task(direction: readonly number[], random: Random): Task {
  const waves = Array.from({ length: 4 }, () => ({ alpha: 1 + 2 * random.uniform(), beta: 2 * Math.PI * random.uniform() }));
  return (x) => {
    const along = direction.reduce((sum, weight, i) => sum + weight * x[i], 0);
    return along + waves.reduce((sum, { alpha, beta }) => sum + Math.sin(alpha * along + beta), 0) + 0.1 * random.normal();
  };
}

/** Two unit vectors with this cosine between them. */
function directions(cosine: number, random: Random): readonly [readonly number[], readonly number[]] {
  const u = unit(Array.from({ length: features }, () => random.normal()));
  const other = Array.from({ length: features }, () => random.normal());
  const along = dot(u, other);
  const v = unit(other.map((value, i) => value - along * u[i]));
  const sine = Math.sqrt(1 - cosine ** 2);
  return [u, u.map((value, i) => cosine * value + sine * v[i])];
}

function drawRows(count: number, [first, second]: readonly Task[], random: Random): Rows {
  const x = Float32Array.from({ length: count * features }, () => random.normal());
  const each = (made: Task): number[] => Array.from({ length: count }, (_, row) => made(x.subarray(row * features, (row + 1) * features)));
  const [y1, y2] = [each(first), each(second)];
  const difference = y1.map((value, row) => value - y2[row]);
  return {
    rows: count,
    inputs: { x },
    targets: { first: y1, second: y2, order: difference.map((value) => (value > 0 ? 0 : 1)) },
    present: { order: difference.map((value) => Math.abs(value) > close) },
  };
}

function unit(vector: readonly number[]): number[] {
  const length = Math.sqrt(dot(vector, vector));
  return vector.map((value) => value / length);
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, i) => sum + value * b[i], 0);
}

function numberOf(value: unknown, otherwise: number): number {
  return typeof value === "number" ? value : otherwise;
}
