/** Which weights decay: kernels and embeddings alone, or biases and what normalisation learns too. */
export type Decayed = "kernels" | "all";

export interface WeightDecay {
  /** λ */
  readonly rate: number;
  readonly of: Decayed;
}

/**
 * Decoupled weight decay (Loshchilov & Hutter, ICLR 2019) in the form of PyTorch's AdamW: in each step that a weight takes,
 *
 *   θ ← (1 − η λ) θ − Δ
 *
 * so that neither the balancer nor the accumulators see it, and no task is said to have moved what decays. This is the factor of θ.
 */
export function keptShare({ rate, of }: WeightDecay, weight: string, learningRate: number): number {
  return of === "all" || isKernel(weight) ? 1 - learningRate * rate : 1;
}

/** `kernel`, `depthwiseKernel`, `recurrentKernel`, …, and the table of an embedding. */
function isKernel(weight: string): boolean {
  return /kernel$/i.test(weight) || weight === "embeddings";
}
