import type { Remembered } from "../balancers/balancer.ts";
import type { Clipping } from "./clipping.ts";
import { combine, squaredNorm, type JacobianRow } from "./gradients/gram.ts";
import { commonRow } from "./gradients/per-task.ts";
import type { Observation } from "./observation.ts";
import type { Motion, MoveObserver } from "./optimizers/common-update.ts";
import type { HeldMove } from "./passes/held-gradients.ts";
import type { Present } from "./proposal.ts";
import type { HeldAnswer, Proposer } from "./proposer.ts";
import type { StepMoment, StepReport, TrackedGradients } from "./step-report.ts";
import type { StepParts } from "./step.ts";

/** What came of a step, and what the balancer remembers of it. */
export interface HeldResult {
  readonly report: StepReport;
  readonly remembered: Remembered;
}

type HeldParts = Pick<StepParts, "tasks" | "clip" | "weightDecay" | "balancer" | "parameters" | "commonUpdate" | "memory">;

/**
 * Steps as most are, whose gradients stay where they were computed: the balancer is told their products or squared norms, and the parameters
 * move there, too. Where a step is recorded, what is recorded is read.
 */
export class HeldStep {
  readonly #parts: HeldParts;
  readonly #proposer: Proposer;
  /** Whether there can be such steps. */
  readonly #isPossible: boolean;
  /** Norm of the longest direction. */
  readonly #longest: number | undefined;

  constructor(parts: HeldParts, proposer: Proposer) {
    this.#parts = parts;
    this.#proposer = proposer;
    const { clip, weightDecay, balancer } = parts;
    const canClip =
      clip === undefined || (clip.value === undefined && balancer.accumulators !== "per-task" && balancer.signs === undefined);
    this.#isPossible = canClip && weightDecay === 0 && balancer.look === undefined;
    this.#longest = clip?.norm;
  }

  /**
   * Undefined, with nothing changed, where the step cannot be made so: then it is made of what is read back, and whatever is wrong is found out
   * there.
   */
  make(
    seen: Observation,
    present: readonly Present[],
    moment: StepMoment,
    remembered: Remembered,
    measurement: () => MoveObserver,
  ): HeldResult | undefined {
    const isComplete = present.length === this.#parts.tasks.length && present.every(({ value }) => Number.isFinite(value));
    // What clipping leaves to each task is measured element by element.
    if (!this.#isPossible || !isComplete || (moment.track && this.#longest !== undefined)) return undefined;
    const way = seen.back(present.map(({ task }) => task));
    const held = seen.hold();
    if (held === undefined || way === undefined) return undefined;
    const answer = this.#proposer.weighHeld(held, way, present, moment, remembered);
    if (answer === undefined) return undefined;
    // Read before the parameters move: afterwards it would have to be computed again.
    const rows = moment.track ? answer.tasks.map((_, position) => commonRow(way, position, this.#parts.parameters)) : [];
    const clipping = this.#clipping(answer);
    const share = clipping?.share ?? 1;
    const moved = held.move({ ...answer, share, rate: moment.rate, asksMoves: moment.track });
    if (moved === undefined) return undefined;
    const { weights, status } = answer;
    const tracked = moment.track ? this.#tracked(answer, rows, { moved, rate: moment.rate }, measurement()) : undefined;
    const directionNorm = share * normOf(answer, moved, tracked);
    const { losses, outputs, walks } = seen;
    return {
      report: {
        losses,
        outputs,
        walks,
        weights,
        status,
        directionNorm,
        trouble: undefined,
        clipping: clipping?.told,
        shortened: 1,
        tracked,
      },
      remembered: answer.remembered,
    };
  }

  /** As `clip` does with the norm alone. */
  #clipping({ directionNorm, ownedNorm }: HeldAnswer): { readonly share: number; readonly told: Clipping } | undefined {
    if (this.#longest === undefined || directionNorm === undefined) return undefined;
    const norm = Math.hypot(directionNorm, ownedNorm);
    const clipped = norm > this.#longest;
    return { share: clipped ? this.#longest / norm : 1, told: { norm, clipped } };
  }

  /** Tells what each task moved of every common parameter. */
  #tracked(
    { tasks, weights }: HeldAnswer,
    rows: readonly JacobianRow[],
    { moved, rate }: { readonly moved: HeldMove; readonly rate: number },
    moves: MoveObserver,
  ): TrackedGradients {
    if (moved.moves !== undefined) {
      const applied = moved.moves.map((parts, index) => {
        moves.observe(index, parts);
        return sumOver(parts, rate);
      });
      return { tasks, rows, applied };
    }
    this.#attribute({ tasks, weights, rate }, rows, moves);
    return { tasks, rows, applied: combine(rows, weights, this.#parts.parameters.common.length) };
  }

  #attribute(motion: Pick<Motion, "tasks" | "weights" | "rate">, rows: readonly JacobianRow[], moves: MoveObserver): void {
    const { commonUpdate, memory, parameters } = this.#parts;
    memory.recall();
    for (const index of parameters.common.keys()) {
      const gradients = rows.map((row) => row[index]);
      commonUpdate.attribute?.(index, motion, gradients, moves);
    }
  }
}

/** Of what is read, where that is there: the products are rounded to single precision. */
function normOf({ directionNorm }: HeldAnswer, { square }: HeldMove, tracked: TrackedGradients | undefined): number {
  if (directionNorm === undefined) return Math.sqrt(square ?? Number.NaN);
  return tracked === undefined ? directionNorm : Math.sqrt(squaredNorm(tracked.applied));
}

/** The step that some parts add up to, per unit of the learning rate: 0 where a schedule has come down to that. */
function sumOver(parts: readonly (Float32Array | undefined)[], rate: number): Float32Array | undefined {
  const [first] = parts.flatMap((part) => part ?? []);
  const perRate = rate > 0 ? 1 / rate : 0;
  return first?.map((_, i) => perRate * parts.reduce((sum, part) => sum + (part?.[i] ?? 0), 0));
}
