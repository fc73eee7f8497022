/** rAU of a weight for each of its tasks: `shares[task · size + element] / 255`. */
export interface ElementShares {
  readonly shares: Uint8Array;
  readonly size: number;
  readonly tasks: number;
}

/** Mean rAU of each task over the weights of each output channel, `[output][task]`: the strip below the element map, in numbers. */
export function outputMeans(shape: readonly number[], { shares, size, tasks }: ElementShares): readonly (readonly number[])[] {
  const outputs = shape.at(-1) ?? 1;
  const perOutput = size / outputs;
  const sums = Array.from({ length: outputs }, () => new Array<number>(tasks).fill(0));
  // Outputs are the last axis in all shapes of TensorFlow.js, so they follow each other.
  for (let task = 0; task < tasks; task++) {
    for (let element = 0; element < size; element++) {
      const sum = sums[element % outputs];
      if (sum) sum[task] = (sum[task] ?? 0) + (shares[task * size + element] ?? 0) / 255;
    }
  }
  return sums.map((sum) => sum.map((each) => each / perOutput));
}
