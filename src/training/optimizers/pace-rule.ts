import { adamCoefficients } from "./adam.ts";
import { sharesOf } from "./coefficients.ts";
import type { UpdateRule } from "./update-rule.ts";

/** What `OptimizerSlot.paces` computes, for those who compute it elsewhere: η / (√(c v) + ε), or η alone where a rule keeps no squares v. */
export interface PaceRule {
  /** η */
  readonly rate: number;
  /** c and ε, with v in the slot's buffer `square`. */
  readonly bySquare: { readonly correction: number; readonly epsilon: number } | undefined;
}

/** That of the step `count`, counted from 1, which was made at the learning rate `rate`. */
export function paceRule(rule: UpdateRule, rate: number, count: number): PaceRule {
  switch (rule.kind) {
    case "sgd":
      return { rate: rate * (rule.nesterov ? 1 + sharesOf(rule.momentum).kept : 1), bySquare: undefined };
    case "adam": {
      const { correction, epsilon } = adamCoefficients(rule, Math.max(1, count), rate);
      return { rate, bySquare: { correction, epsilon } };
    }
    case "rmsprop":
    case "adagrad":
      return { rate, bySquare: { correction: 1, epsilon: rule.epsilon } };
  }
}
