import type { Remembered } from "../balancers/balancer.ts";
import type { Clipping } from "./clipping.ts";
import { combine, squaredNorm, type JacobianRow } from "./gradients/gram.ts";
import { commonRow } from "./gradients/per-task.ts";
import { addProductsWithSum, isCancelled, LayerProducts, multiplyBySum } from "./gradients/products.ts";
import type { Observation } from "./observation.ts";
import type { GradientRows } from "./shared-step.ts";
import type { HeldMove, HeldParts } from "./passes/held-gradients.ts";
import type { Present } from "./proposal.ts";
import type { HeldAnswer } from "./held-answer.ts";
import type { Proposer } from "./proposer.ts";
import type { StepMoment, StepReport, TrackedGradients } from "./step-report.ts";
import type { StepParts } from "./step.ts";

/** What came of a step, and what the balancer remembers of it. */
export interface HeldResult {
  readonly report: StepReport;
  readonly remembered: Remembered;
}

type StepperParts = Pick<StepParts, "tasks" | "clip" | "weightDecay" | "balancer" | "parameters" | "commonUpdate" | "memory" | "dominance">;

/**
 * Steps as most are, whose gradients stay where they were computed: the balancer is told their products or squared norms, and the
 * parameters move there, too. Where a step is recorded, no more is read than what is recorded depends on.
 */
export class HeldStep {
  readonly #parts: StepperParts;
  readonly #proposer: Proposer;
  /** Whether there can be such steps. */
  readonly #isPossible: boolean;
  /** Norm of the longest direction. */
  readonly #longest: number | undefined;

  constructor(parts: StepperParts, proposer: Proposer) {
    this.#parts = parts;
    this.#proposer = proposer;
    const { clip, weightDecay, balancer } = parts;
    const canClip =
      clip === undefined || (clip.value === undefined && balancer.accumulators !== "per-task" && balancer.signs === undefined);
    this.#isPossible = canClip && weightDecay === 0 && balancer.look === undefined;
    this.#longest = clip?.norm;
  }

  /**
   * Undefined, with nothing changed, where the step cannot be made so: then it is made of what is read back, and whatever is wrong is found
   * out there.
   */
  make(seen: Observation, present: readonly Present[], moment: StepMoment, remembered: Remembered): HeldResult | undefined {
    const isComplete = present.length === this.#parts.tasks.length && present.every(({ value }) => Number.isFinite(value));
    // What clipping leaves to each task is measured element by element.
    if (!this.#isPossible || !isComplete || (moment.track && this.#longest !== undefined)) return undefined;
    const { attributes } = this.#parts.dominance;
    if (moment.track && !attributes && this.#parts.balancer.accumulators === "per-task") return undefined;
    const way = seen.back(present.map(({ task }) => task));
    const held = seen.hold();
    if (held === undefined || way === undefined) return undefined;
    const answer = this.#proposer.weighHeld(held, way, present, moment, remembered);
    if (answer === undefined) return undefined;
    // Read before the parameters move: afterwards it would have to be computed again.
    const rows = moment.track && !attributes ? answer.tasks.map((_, position) => commonRow(way, position, this.#parts.parameters)) : [];
    // Where the motion alone will tell the norm, it is too late to clip.
    if (this.#longest !== undefined && answer.directionNorm === undefined) return undefined;
    const clipping = this.#clipping(answer);
    const share = clipping?.share ?? 1;
    const moved = held.move({ ...answer, share, rate: moment.rate, asksMoves: moment.track });
    if (moved === undefined) return undefined;
    const { weights, status } = answer;
    const recorded = moment.track ? this.#record(answer, rows, moved, moment) : undefined;
    const directionNorm = share * normOf(answer, moved, recorded);
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
        tracked: recorded?.tracked,
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
  #record(answer: HeldAnswer, rows: readonly JacobianRow[], moved: HeldMove, { step, rate }: StepMoment): Recorded {
    const { dominance, parameters } = this.#parts;
    const { tasks, weights } = answer;
    dominance.begin(step + 1);
    if (moved.parts !== undefined && dominance.attributes) return this.#attribute(answer, moved.parts, rate);
    const { commonUpdate, memory } = this.#parts;
    memory.recall();
    for (const index of parameters.common.keys()) {
      const gradients = rows.map((row) => row[index]);
      commonUpdate.attribute?.(index, { tasks, weights, rate }, gradients, dominance);
    }
    const applied = combine(rows, weights, parameters.common.length);
    return { tracked: { tasks, rows, applied }, square: squaredNorm(applied) };
  }

  /** From gradients, moves and accumulators where they are. */
  #attribute({ tasks, weights }: HeldAnswer, parts: HeldParts, rate: number): Recorded {
    const { dominance, parameters } = this.#parts;
    const products = new LayerProducts(
      tasks.length + 1,
      parameters.common.map(({ parameter }) => parameter.layer),
    );
    let square = 0;
    parameters.common.forEach(({ parameter, reach, size }, index) => {
      const known = parts.products(index);
      parts.show(index, (gradients, own) => {
        const moves = "read" in own ? own : { weights, pace: own.slot.pace(rate), square: own.square };
        const told = dominance.attribute(index, { gradients, moves, precision: parts.precision, asksProducts: known === undefined });
        const multiplied = known ?? told;
        if (gradients.readDirection === undefined) {
          if (known === undefined) multiplyBySum(multiplied, weights);
          if (isCancelled(multiplied, weights)) multiplyAnew(multiplied, weights, { gradients, reach, size });
        }
        products.addKnown(parameter.layer, [...reach, tasks.length], multiplied);
        square += multiplied.at(-1) ?? 0;
      });
    });
    return { tracked: { tasks, products }, square };
  }
}

/** The products with the direction, which are gone in the rounding of those of the gradients, from the gradients themselves. */
function multiplyAnew(
  products: Float64Array,
  weights: readonly number[],
  { gradients, reach, size }: { readonly gradients: GradientRows; readonly reach: readonly number[]; readonly size: number },
): void {
  const wide = weights.length + 1;
  for (let i = 0; i < wide; i++) {
    products[i * wide + wide - 1] = 0;
    products[(wide - 1) * wide + i] = 0;
  }
  const { length } = gradients;
  for (let start = 0; start < size; start += length) {
    const count = Math.min(length, size - start);
    const rows = weights.map((_, task) => (reach.includes(task) ? gradients.read(task, start, count) : undefined));
    addProductsWithSum(products, weights, rows);
  }
}

/** What a step tells beside what it tells anyhow. */
interface Recorded {
  readonly tracked: TrackedGradients;
  /** Squared norm of the direction, where the motion does not tell it. */
  readonly square: number | undefined;
}

/** Of what is recorded, where something is. */
function normOf({ directionNorm }: HeldAnswer, moved: HeldMove, recorded: Recorded | undefined): number {
  const square = recorded?.square ?? moved.square ?? Number.NaN;
  return recorded?.square === undefined && directionNorm !== undefined ? directionNorm : Math.sqrt(square);
}
