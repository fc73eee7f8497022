import type { EarlyStopping } from "../experiment/early-stopping-schema.ts";
import type { Best } from "./best.ts";
import { Plateau, type Measure, type Validation } from "./plateau.ts";

export type StoppingRule = Pick<EarlyStopping, "metric" | "minDelta" | "restoreBest"> & {
  /** In epochs; 0: never. */
  readonly patience: number;
};

/** What the experiment says of early stopping; where it says nothing, what comes with the balancing method. */
export function stoppingRule(own: EarlyStopping | undefined, ofMethod: { readonly patience: number }): StoppingRule {
  return own ?? { patience: ofMethod.patience, metric: "mean", minDelta: 0, restoreBest: true };
}

/**
 * Which moment of a training was the best so far, and whether it is worth going on. The best has the highest measure, of equals the
 * earliest; for going on, only what is better by more than `minDelta` counts.
 */
export class ValidationWatch {
  readonly rule: StoppingRule;
  readonly plateau: Plateau;
  readonly #measure: Measure;
  best: Best | undefined;
  /** Metrics of the last validation. */
  last: Best["metrics"] | undefined;

  constructor(rule: StoppingRule, measure: Measure, stepsPerEpoch: number) {
    this.rule = rule;
    this.#measure = measure;
    this.plateau = new Plateau(rule, stepsPerEpoch);
  }

  /** Whether the parameters after `step` are the best so far. A `broken` model, with a loss that is not finite, never is. */
  see(step: number, validation: Validation, broken: boolean): boolean {
    this.last = validation.metrics;
    const value = broken ? undefined : this.#measure(validation);
    this.plateau.see(step, value);
    if (value === undefined || (this.best !== undefined && value <= this.best.score)) return false;
    this.best = { step, score: value, metrics: validation.metrics };
    return true;
  }

  /** Metrics of the moment that is tested. */
  get chosen(): Best["metrics"] | undefined {
    return this.rule.restoreBest ? this.best?.metrics : this.last;
  }

  /** Why the training ends. */
  get reason(): string {
    const { metric, minDelta, patience } = this.rule;
    const what = metric === "mean" ? "validation" : metric;
    const by = minDelta > 0 ? ` (by more than ${minDelta})` : "";
    return `Training ends early: no better ${what}${by} for ${patience} ${patience === 1 ? "epoch" : "epochs"}.`;
  }
}
