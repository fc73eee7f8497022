/**
 * Ranks from 1 of the values, in single precision as they are; equal values share the mean of their ranks. The values are turned
 * into whole numbers of the same order and sorted together with their places, which takes 8 bytes a value and no comparisons
 * in JavaScript.
 */
export function averageRanks(values: Float32Array): Float64Array {
  const pairs = new BigUint64Array(values.length);
  // Little-endian: the low word is the place, the high word, which decides, the value.
  const words = new Uint32Array(pairs.buffer);
  // −0 and 0 are equal, and become so by adding 0.
  const bits = new Uint32Array(1);
  const number = new Float32Array(bits.buffer);
  for (let place = 0; place < values.length; place++) {
    number[0] = (values[place] ?? 0) + 0;
    const word = bits[0] ?? 0;
    words[2 * place] = place;
    words[2 * place + 1] = word >= 2 ** 31 ? ~word : word | (2 ** 31);
  }
  pairs.sort();
  const ranks = new Float64Array(values.length);
  for (let first = 0; first < values.length;) {
    let end = first + 1;
    while (end < values.length && words[2 * end + 1] === words[2 * first + 1]) end += 1;
    for (let i = first; i < end; i++) ranks[words[2 * i] ?? 0] = (first + 1 + end) / 2;
    first = end;
  }
  return ranks;
}

/**
 * Area under the ROC curve (Mann–Whitney): (R − P (P + 1) ⁄ 2) ⁄ (P N), with R the sum of the ranks of the P positives among all.
 * NaN without a positive or without a negative.
 */
export function areaUnderCurve(scores: Float32Array, isPositive: (place: number) => boolean): number {
  if (hasNaN(scores)) return Number.NaN;
  const ranks = averageRanks(scores);
  let [sum, positives] = [0, 0];
  for (let place = 0; place < ranks.length; place++) {
    if (!isPositive(place)) continue;
    sum += ranks[place] ?? 0;
    positives += 1;
  }
  const pairs = positives * (scores.length - positives);
  return pairs === 0 ? Number.NaN : (sum - (positives * (positives + 1)) / 2) / pairs;
}

/** Spearman's rank correlation: Pearson's of the ranks. NaN where either does not vary. */
export function rankCorrelation(a: Float32Array, b: Float32Array): number {
  if (hasNaN(a) || hasNaN(b)) return Number.NaN;
  const [ranksA, ranksB] = [averageRanks(a), averageRanks(b)];
  const middle = (a.length + 1) / 2;
  let [product, squareA, squareB] = [0, 0, 0];
  for (let place = 0; place < a.length; place++) {
    const x = (ranksA[place] ?? middle) - middle;
    const y = (ranksB[place] ?? middle) - middle;
    product += x * y;
    squareA += x * x;
    squareB += y * y;
  }
  const length = Math.sqrt(squareA) * Math.sqrt(squareB);
  return length > 0 ? Math.max(-1, Math.min(1, product / length)) : Number.NaN;
}

function hasNaN(values: Float32Array): boolean {
  for (const value of values) if (Number.isNaN(value)) return true;
  return false;
}
