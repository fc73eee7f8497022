/** What GradNorm compares at one step; one entry a present task. */
export interface NormComparison {
  /** r_i: relative inverse training rates, mean 1. */
  readonly ratios: readonly number[];
  /** τ_i = N̄ r_i^α. */
  readonly targets: readonly number[];
  /** Σ |w_i n_i − τ_i|. */
  readonly loss: number;
  /** ∂/∂w_i with the targets held: sign(w_i n_i − τ_i) n_i. */
  readonly gradient: readonly number[];
}

/** `progress` are the losses relative to the initial ones, L_i / L_i(0) ≥ 0. Where all are 0, all rates are alike. */
export function compareNorms(
  weights: readonly number[],
  norms: readonly number[],
  progress: readonly number[],
  alpha: number,
): NormComparison {
  const meanOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const weighted = weights.map((weight, i) => weight * (norms[i] ?? 0));
  const common = meanOf(weighted);
  const pace = meanOf(progress);
  const ratios = progress.map((value) => (pace > 0 ? value / pace : 1));
  const targets = ratios.map((ratio) => common * ratio ** alpha);
  const away = weighted.map((value, i) => value - (targets[i] ?? 0));
  return {
    ratios,
    targets,
    loss: away.reduce((sum, value) => sum + Math.abs(value), 0),
    gradient: away.map((value, i) => Math.sign(value) * (norms[i] ?? 0)),
  };
}

/** The same gradient by the logits s of `w = sum · softmax(s)`: w_i (a_i − Σ_j a_j w_j / sum). */
export function byLogits(gradient: readonly number[], weights: readonly number[], sum: number): number[] {
  const mean = gradient.reduce((total, slope, i) => total + slope * (weights[i] ?? 0), 0) / sum;
  return weights.map((weight, i) => weight * ((gradient[i] ?? 0) - mean));
}
