/** What a recording has computed for one pass, and computes when it is asked for more. */
export interface PassRun {
  has(name: string): boolean;
  /** Of the sum. */
  readonly weights: readonly number[] | undefined;
  /** Weighs the losses from now on; `summed` are the values that depend on it. */
  weigh(weights: readonly number[], summed: Iterable<string>): void;
  /** Makes these values be there to be read, and others, `held`, stay where they are computed. */
  compute(names: readonly string[], options?: { readonly held?: readonly string[] }): void;
  /** Where a value is that stayed there; undefined where it did not. */
  held(name: string): number | undefined;
  values(name: string): Float32Array;
  number(name: string): number;
}
