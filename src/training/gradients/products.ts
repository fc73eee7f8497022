import { dot, type JacobianRow } from "./gram.ts";

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
    for (let i = 0; i < this.rows; i++) {
      const own = blocks[i];
      if (own === undefined) continue;
      const square = dot(own, own);
      for (let j = 0; j < this.rows; j++) {
        const other = blocks[j];
        if (other === undefined) continue;
        this.#squares[i * this.rows + j] = this.#at(this.#squares, i, j) + square;
        if (j > i) continue;
        const value = j === i ? square : dot(own, other);
        this.#dots[i * this.rows + j] = this.#at(this.#dots, i, j) + value;
        if (j < i) this.#dots[j * this.rows + i] = this.#at(this.#dots, j, i) + value;
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
