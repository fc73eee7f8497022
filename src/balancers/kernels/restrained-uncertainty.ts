/** The part of the objective that belongs to the σ of all tasks, at the losses of the present ones. */
export interface RestrainedInput {
  readonly sigma: readonly number[];
  readonly tasks: readonly number[];
  readonly losses: readonly number[];
  /** c: 1/K; 0.33 in the authors' code for three tasks. */
  readonly coefficient: number;
  readonly phi: number;
  readonly restraint: "sigma" | "log-sigma";
}

export interface Restrained {
  readonly value: number;
  /** c / σ_i² of the present tasks. */
  readonly weights: readonly number[];
  /** ∂value/∂σ_i of the present tasks; 0 for the restraint where it is met. */
  readonly gradient: readonly number[];
}

/** `Σ (c / σ_i²) L_i + Σ ln(1 + σ_i²) + |φ − Σ |σ_j||`, or with |ln σ_j|; i over the present tasks, j over all. σ > 0. */
export function restrained({ sigma, tasks, losses, coefficient, phi, restraint }: RestrainedInput): Restrained {
  const held = sigma.reduce((sum, s) => sum + (restraint === "sigma" ? Math.abs(s) : Math.abs(Math.log(s))), 0);
  const excess = Math.sign(held - phi);
  const own = tasks.map((task) => sigma[task] ?? 1);
  const weights = own.map((s) => coefficient / (s * s));
  return {
    value: own.reduce((sum, s, i) => sum + (weights[i] ?? 0) * (losses[i] ?? 0) + Math.log(1 + s * s), Math.abs(phi - held)),
    weights,
    gradient: own.map((s, i) => {
      const pull = restraint === "sigma" ? excess : (excess * Math.sign(Math.log(s))) / s;
      return (-2 * (weights[i] ?? 0) * (losses[i] ?? 0)) / s + (2 * s) / (1 + s * s) + pull;
    }),
  };
}
