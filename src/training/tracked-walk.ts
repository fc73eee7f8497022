import { visitCommon, type ParameterSet } from "./gradients/per-task.ts";
import { LayerProducts } from "./gradients/products.ts";
import type { JacobianRow } from "./gradients/gram.ts";
import type { WayBack } from "./gradients/way-back.ts";
import type { CommonUpdate, MoveObserver } from "./optimizers/common-update.ts";
import type { Proposal } from "./proposal.ts";
import type { MeasuredGradients } from "./step-report.ts";

export interface TrackedWalk {
  readonly pass: WayBack;
  readonly proposal: Proposal;
  readonly parameters: ParameterSet;
  readonly commonUpdate: CommonUpdate;
  readonly rate: number;
  /** The direction before it was clipped, and as the optimizer took it in. */
  readonly unclipped: JacobianRow;
  readonly applied: JacobianRow;
}

/**
 * What a tracked step records where the tasks' gradients are not stored: one more walk of the trunk in lock-step, after the parameters
 * have moved. The tape holds what the parameters were, and the optimizer's accumulators are those that the step was made with.
 */
export function trackAgain(walk: TrackedWalk, moves: MoveObserver): MeasuredGradients {
  const { pass, proposal, parameters, commonUpdate, rate, unclipped, applied } = walk;
  const { tasks, weights } = proposal;
  const products = new LayerProducts(
    tasks.length + 1,
    parameters.common.map(({ parameter }) => parameter.layer),
  );
  const open = new Set(parameters.common.keys());
  visitCommon(pass, parameters, (index, gradients) => {
    open.delete(index);
    const [before, after] = [unclipped[index], applied[index]];
    const parts = gradients.map((gradient) => clippedAlike(gradient, before, after));
    commonUpdate.attribute?.(index, { tasks, weights, rate }, parts, moves);
    products.add(parameters.common[index]?.parameter.layer ?? "", [...gradients, after]);
  });
  for (const index of open) moves.observe(index, parameters.common[index]?.reach.map(() => undefined) ?? []);
  return { tasks, products };
}

/** The part of a clipped direction that is due to one gradient: clipping shortened all parts of an element alike. */
function clippedAlike(
  gradient: Float32Array | undefined,
  before: Float32Array | undefined,
  after: Float32Array | undefined,
): Float32Array | undefined {
  if (gradient === undefined || before === undefined || after === undefined || before === after) return gradient;
  return gradient.map((element, e) => {
    const whole = before[e] ?? 0;
    return whole === 0 ? element : element * ((after[e] ?? 0) / whole);
  });
}
