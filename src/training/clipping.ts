import type { Clip } from "../experiment/clip-schema.ts";
import { squaredNorm, type JacobianRow } from "./gradients/gram.ts";
import type { Proposal } from "./proposal.ts";

/** What clipping did to one step. */
export interface Clipping {
  /** Norm of the direction, heads included, as it was before. */
  readonly norm: number;
  readonly clipped: boolean;
}

/**
 * Clips what the balancer made of the gradients, before the optimizer takes it in. With the direction d of the shared parameters and
 * the heads together,
 *
 *   value  d_e ← min(v, max(−v, d_e))           each element by itself
 *   norm   d ← d · min(1, c / ‖d‖)              Pascanu, Mikolov & Bengio, ICML 2013
 *
 * one after the other where both are given. The parts that the direction is made of are shortened alike, element by element, so that they
 * still add up to it: that is what ownership is measured by, and what AdaTask's accumulators take in. Nothing is copied where nothing is
 * too long.
 */
export function clip(proposal: Proposal, { value, norm }: Clip): { readonly proposal: Proposal; readonly clipping: Clipping } {
  const before = lengthOf(proposal);
  const cut = value === undefined ? proposal : cutElements(proposal, value);
  const length = cut === proposal ? before : lengthOf(cut);
  const bounded = norm !== undefined && length > norm ? shortened(cut, norm / length) : cut;
  return { proposal: bounded, clipping: { norm: before, clipped: bounded !== proposal } };
}

function lengthOf({ direction, owned }: Proposal): number {
  return Math.sqrt(squaredNorm(direction) + squaredNorm(owned));
}

function shortened(proposal: Proposal, factor: number): Proposal {
  const scaled = (row: JacobianRow): JacobianRow => row.map((block) => block?.map((element) => factor * element));
  const { direction, owned, parts } = proposal;
  return { ...proposal, direction: scaled(direction), owned: scaled(owned), parts: parts?.map(scaled) };
}

function cutElements(proposal: Proposal, most: number): Proposal {
  const tooLong = (row: JacobianRow): boolean => row.some((block) => block?.some((element) => Math.abs(element) > most) === true);
  const { direction, owned, parts } = proposal;
  if (!tooLong(direction) && !tooLong(owned)) return proposal;
  const cut = (row: JacobianRow): JacobianRow => row.map((block) => block?.map((element) => Math.min(most, Math.max(-most, element))));
  const alike = (row: JacobianRow): JacobianRow =>
    row.map((block, index) =>
      block?.map((element, e) => {
        const whole = Math.abs(direction[index]?.[e] ?? 0);
        return whole > most ? element * (most / whole) : element;
      }),
    );
  return { ...proposal, direction: cut(direction), owned: cut(owned), parts: parts?.map(alike) };
}

/** Which share of the steps was clipped since it was last told; part of a checkpoint. */
export class ClipShare {
  steps = 0;
  clipped = 0;

  add({ clipped }: Clipping): void {
    this.steps += 1;
    if (clipped) this.clipped += 1;
  }

  /** Undefined where all steps were skipped. Begins anew. */
  take(): number | undefined {
    const share = this.steps === 0 ? undefined : this.clipped / this.steps;
    [this.steps, this.clipped] = [0, 0];
    return share;
  }
}
