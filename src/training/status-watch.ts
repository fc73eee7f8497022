import type { BalanceStatus } from "../balancers/balancer.ts";
import type { RunEvent } from "../experiment/record.ts";
import type { StepReport } from "./step-report.ts";

type Remark = Exclude<BalanceStatus, "ok"> | "shortened";

const remarks: Readonly<Record<Remark, string>> = {
  stationary: "found no direction that helps every task, and gave none",
  infeasible: "could not have what it asks of the direction, and took what is nearest to it (its page in docs/balancers.md tells what)",
  "not-converged": "ended its search before it had converged, and its best weights were taken",
  shortened: "gave a direction far longer than the gradients it is made of, and it was shortened (training.maxNormFactor)",
};

/** Tells of answers that are not as they should be: each kind at its first step in an epoch, so that events stay few. */
export class StatusWatch {
  readonly #method: string;
  #told = new Set<Remark>();

  constructor(method: string) {
    this.#method = method;
  }

  beginEpoch(): void {
    this.#told = new Set();
  }

  look({ status, shortened }: StepReport, step: number, at: number): readonly RunEvent[] {
    const found: readonly Remark[] = [
      ...(status === undefined || status === "ok" ? [] : [status]),
      ...(shortened < 1 ? (["shortened"] as const) : []),
    ];
    return found
      .filter((remark) => !this.#told.has(remark))
      .map((remark): RunEvent => {
        this.#told.add(remark);
        const message = `${this.#method} ${remarks[remark]}. Told once an epoch.`;
        return { kind: "warning", step, at, message, detail: { balancer: this.#method, status: remark } };
      });
  }
}
