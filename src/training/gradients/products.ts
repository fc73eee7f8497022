import type { JacobianRow } from "./gram.ts";

/**
 * Inner products of several rows with each other, taken in block by block in double precision, so that no more than one block of each
 * row need be there at once. Cosines are over the blocks that both rows have: elsewhere a row is 0 by structure, not by agreement.
 */
export class Products {
  readonly rows: number;
  readonly #dots: Float64Array;
  /** At (i, j): the squared norm of row i over the blocks that row j has too. */
  readonly #squares: Float64Array;

  constructor(rows: number) {
    this.rows = rows;
    this.#dots = new Float64Array(rows * rows);
    this.#squares = new Float64Array(rows * rows);
  }

  /** One block of each row, undefined where it has none. */
  add(blocks: readonly (Float32Array | undefined)[]): void {
    const present = blocks.flatMap((block, row) => (block === undefined ? [] : [{ row, block }]));
    const values = new Float64Array(this.rows * this.rows);
    const put = (i: number, j: number, value: number): void => {
      values[i * this.rows + j] = value;
      values[j * this.rows + i] = value;
    };
    // Two rows with two others at a time: four sums that do not wait for each other, and half the reading.
    for (let p = 0; p < present.length; p += 2) {
      for (let q = 0; q <= p; q += 2) {
        const [a, c] = [present[p], present[q]];
        if (a === undefined || c === undefined) continue;
        const [b, d] = [present[p + 1] ?? a, present[q + 1] ?? c];
        const [ac, ad, bc, bd] = fourProducts(a.block, b.block, c.block, d.block);
        put(a.row, c.row, ac);
        put(a.row, d.row, ad);
        put(b.row, c.row, bc);
        put(b.row, d.row, bd);
      }
    }
    this.addKnown(
      present.map(({ row }) => row),
      values,
    );
  }

  /**
   * One block of some rows, of which the products are known.
   *
   * @param values `rows × rows`, row by row
   */
  addKnown(present: readonly number[], values: Float64Array): void {
    for (const i of present) {
      const square = this.#at(values, i, i);
      for (const j of present) {
        this.#squares[i * this.rows + j] = this.#at(this.#squares, i, j) + square;
        this.#dots[i * this.rows + j] = this.#at(this.#dots, i, j) + this.#at(values, i, j);
      }
    }
  }

  plus(other: Products): void {
    for (let k = 0; k < this.#dots.length; k++) {
      this.#dots[k] = (this.#dots[k] ?? 0) + (other.#dots[k] ?? 0);
      this.#squares[k] = (this.#squares[k] ?? 0) + (other.#squares[k] ?? 0);
    }
  }

  /** `J Jᵀ`. */
  gram(): number[][] {
    return Array.from({ length: this.rows }, (_, i) => [...this.#dots.subarray(i * this.rows, (i + 1) * this.rows)]);
  }

  squaredNorm(i: number): number {
    return this.#at(this.#dots, i, i);
  }

  /** Undefined where one of the rows is 0 on what both have, or they have nothing in common. */
  cosine(i: number, j: number): number | undefined {
    const length = Math.sqrt(this.#at(this.#squares, i, j)) * Math.sqrt(this.#at(this.#squares, j, i));
    return length > 0 ? Math.min(1, Math.max(-1, this.#at(this.#dots, i, j) / length)) : undefined;
  }

  #at(matrix: Float64Array, i: number, j: number): number {
    return matrix[i * this.rows + j] ?? 0;
  }
}

/** a·c, a·d, b·c and b·d, each summed up in the order of the elements. */
function fourProducts(
  a: Float32Array,
  b: Float32Array,
  c: Float32Array,
  d: Float32Array,
): readonly [ac: number, ad: number, bc: number, bd: number] {
  let ac = 0;
  let ad = 0;
  let bc = 0;
  let bd = 0;
  for (let i = 0; i < a.length; i++) {
    const x = a[i] ?? 0;
    const y = b[i] ?? 0;
    const z = c[i] ?? 0;
    const w = d[i] ?? 0;
    ac += x * z;
    ad += x * w;
    bc += y * z;
    bd += y * w;
  }
  return [ac, ad, bc, bd];
}

/** The products of whole rows. */
export function productsOf(rows: readonly JacobianRow[]): Products {
  const products = new Products(rows.length);
  const blocks = Math.max(0, ...rows.map((row) => row.length));
  for (let block = 0; block < blocks; block++) products.add(rows.map((row) => row[block]));
  return products;
}

/** The products of the same rows in each layer. */
export class LayerProducts {
  readonly #rows: number;
  readonly layers: ReadonlyMap<string, Products>;

  /** @param layers in the order in which they are told; a layer may be named again */
  constructor(rows: number, layers: readonly string[]) {
    this.#rows = rows;
    this.layers = new Map(layers.map((layer) => [layer, new Products(rows)]));
  }

  add(layer: string, blocks: readonly (Float32Array | undefined)[]): void {
    this.layers.get(layer)?.add(blocks);
  }

  addKnown(layer: string, present: readonly number[], values: Float64Array): void {
    this.layers.get(layer)?.addKnown(present, values);
  }

  /** Those of all layers together. */
  whole(): Products {
    const whole = new Products(this.#rows);
    for (const products of this.layers.values()) whole.plus(products);
    return whole;
  }
}

/** @param layers the layer of each block of a row */
export function layerProducts(rows: readonly JacobianRow[], layers: readonly string[]): LayerProducts {
  const products = new LayerProducts(rows.length, layers);
  layers.forEach((layer, block) => {
    products.add(
      layer,
      rows.map((row) => row[block]),
    );
  });
  return products;
}

/** Whether so little is left of a sum that the rounding of the products it comes of would show. */
export function isCancelled(products: Float64Array, weights: readonly number[]): boolean {
  const wide = weights.length + 1;
  const parts = weights.reduce((sum, weight, i) => sum + weight * weight * (products[i * wide + i] ?? 0), 0);
  return (products.at(-1) ?? 0) < 1e-3 * parts;
}

/**
 * The products of rows with their sum Σ w_i g_i, as `multiplyBySum`, from the elements themselves.
 *
 * @param rows of each task the elements that lie together from a place on; undefined for one that gives nothing
 */
export function addProductsWithSum(products: Float64Array, weights: readonly number[], rows: readonly (Float32Array | undefined)[]): void {
  const size = weights.length;
  const wide = size + 1;
  const length = rows.reduce((most, row) => Math.max(most, row?.length ?? 0), 0);
  const sum = new Float64Array(length);
  rows.forEach((row, i) => {
    const weight = weights[i] ?? 0;
    for (let k = 0; k < (row?.length ?? 0); k++) sum[k] = (sum[k] ?? 0) + weight * (row?.[k] ?? 0);
  });
  const add = (i: number, j: number, value: number): void => void (products[i * wide + j] = (products[i * wide + j] ?? 0) + value);
  rows.forEach((row, i) => {
    let along = 0;
    for (let k = 0; k < (row?.length ?? 0); k++) along += (row?.[k] ?? 0) * (sum[k] ?? 0);
    add(i, size, along);
    add(size, i, along);
  });
  let square = 0;
  for (const value of sum) square += value * value;
  add(size, size, square);
}

/**
 * The products of rows with each other, and with their sum Σ w_i g_i.
 *
 * @param products `(rows + 1)²`, row by row; those with the sum are written into it
 */
export function multiplyBySum(products: Float64Array, weights: readonly number[]): void {
  const size = weights.length;
  const wide = size + 1;
  const at = (i: number, j: number): number => products[i * wide + j] ?? 0;
  for (let i = 0; i < size; i++) {
    const along = weights.reduce((sum, weight, j) => sum + weight * at(i, j), 0);
    products[i * wide + size] = along;
    products[size * wide + i] = along;
  }
  // Rounding may leave less than nothing of it.
  products[wide * wide - 1] = Math.max(0, weights.reduce((sum, weight, i) => sum + weight * at(i, size), 0)); // prettier-ignore
}
