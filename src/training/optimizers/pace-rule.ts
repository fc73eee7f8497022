/** What each element of a gradient of weight 1 made it move in a step: η / (√(c v) + ε), or η alone where a rule keeps no squares v. */
export interface PaceRule {
  /** η */
  readonly rate: number;
  /** c and ε, with v in the slot's buffer `square`. */
  readonly bySquare: { readonly correction: number; readonly epsilon: number } | undefined;
}

/** Writes them into `paces`, element by element; `square` is as long where the rule goes by it. */
export function pacesOf({ rate, bySquare }: PaceRule, square: Float32Array | undefined, paces: Float64Array): void {
  if (bySquare === undefined) {
    paces.fill(rate);
    return;
  }
  const { correction, epsilon } = bySquare;
  for (let i = 0; i < paces.length; i++) paces[i] = rate / (Math.sqrt((square?.[i] ?? 0) * correction) + epsilon);
}
