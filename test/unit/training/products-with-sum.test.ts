import { expect, test } from "vitest";
import { RandomStream } from "../../../src/balancers/kernels/random-stream.ts";
import { addProductsWithSum, isCancelled, multiplyBySum } from "../../../src/training/gradients/products.ts";

const weights = [1, 0.5, 2];

/** Two rows that all but cancel, and a task that gives nothing. */
function rowsWith(rest: number): readonly (Float32Array | undefined)[] {
  const random = RandomStream.seeded(1, "rows");
  const first = Float32Array.from({ length: 4096 }, () => random.normal());
  return [first, undefined, first.map((value) => -0.5 * value + rest * random.normal())];
}

/** In single precision, as they are measured with native. */
function productsOf(rows: readonly (Float32Array | undefined)[]): Float64Array {
  const products = new Float64Array(16);
  rows.forEach((a, i) => {
    rows.forEach((b, j) => {
      const sum = a?.reduce((total, value, k) => Math.fround(total + Math.fround(value * (b?.[k] ?? 0))), 0);
      products[i * 4 + j] = sum ?? 0;
    });
  });
  return products;
}

test("what all but cancels is noticed, and multiplied anew in parts, as exactly as its elements are", () => {
  const rows = rowsWith(1e-3);
  const products = productsOf(rows);
  multiplyBySum(products, weights);
  expect(isCancelled(products, weights)).toBe(true);
  const sum = Array.from({ length: 4096 }, (_, k) => rows.reduce((total, row, i) => total + (weights[i] ?? 0) * (row?.[k] ?? 0), 0));
  const exact = sum.reduce((total, value) => total + value * value, 0);
  expect(Math.abs((products.at(-1) ?? 0) / exact - 1)).toBeGreaterThan(1e-3);
  for (let i = 0; i < 4; i++) [products[i * 4 + 3], products[12 + i]] = [0, 0];
  for (const start of [0, 1024]) {
    addProductsWithSum(products, weights, rows.map((row) => row?.subarray(start, start === 0 ? 1024 : 4096))); // prettier-ignore
  }
  expect((products.at(-1) ?? 0) / exact).toBeCloseTo(1, 9);
  rows.forEach((row, i) => {
    const along = row?.reduce((total, value, k) => total + value * (sum[k] ?? 0), 0) ?? 0;
    expect(products[i * 4 + 3]).toBeCloseTo(along, 6);
    expect(products[12 + i]).toBe(products[i * 4 + 3]);
  });
});

test("what does not cancel is left as it is", () => {
  const products = productsOf(rowsWith(1));
  multiplyBySum(products, weights);
  expect(isCancelled(products, weights)).toBe(false);
});
