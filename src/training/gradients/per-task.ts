import type { TrainedParameter } from "../trained-parameter.ts";
import { combine, type JacobianRow } from "./gram.ts";
import { Products } from "./products.ts";
import type { WayBack } from "./way-back.ts";

/** Parameters by their reach: two tasks or more make them common, one makes them owned. */
export interface ParameterSet {
  readonly common: readonly TrainedParameter[];
  readonly owned: readonly TrainedParameter[];
}

export function divideByReach(parameters: readonly TrainedParameter[]): ParameterSet {
  return {
    common: parameters.filter(({ reach }) => reach.length > 1),
    owned: parameters.filter(({ reach }) => reach.length === 1),
  };
}

/** The gradient of one loss for the common parameters: one walk. */
export function commonRow(pass: WayBack, position: number, { common }: ParameterSet): JacobianRow {
  const shared = pass.alone(position);
  return common.map(({ id }) => shared.get(id) ?? ownBlock(pass, id, position));
}

/** Products of the gradients of all losses for the common parameters, of which no two are there at once: one walk a loss. */
export function commonProducts(pass: WayBack, parameters: ParameterSet): Products {
  const products = new Products(pass.losses);
  visitCommon(pass, parameters, (_, gradients) => products.add(gradients));
  return products;
}

/** Tells of each common parameter that a loss depends on, by its index, with one gradient a loss: one walk a loss. */
export function visitCommon(
  pass: WayBack,
  { common }: ParameterSet,
  visit: (index: number, gradients: readonly (Float32Array | undefined)[]) => void,
): void {
  const indices = new Map(common.map(({ id }, index) => [id, index]));
  const told = (id: number, gradients: readonly (Float32Array | undefined)[]): void => {
    const index = indices.get(id);
    if (index !== undefined) visit(index, gradients);
  };
  pass.inLockStep(told);
  // A common parameter may have but one loss in a batch: the other tasks are absent.
  for (const [id, { loss, values }] of pass.own) {
    told(
      id,
      Array.from({ length: pass.losses }, (_, position) => (position === loss ? values : undefined)),
    );
  }
}

/** The gradients of all losses for a few of the common parameters, found without walking below these. */
export function rowsOf(pass: WayBack, parameters: readonly TrainedParameter[]): readonly JacobianRow[] {
  const shared = new Map<number, JacobianRow>();
  pass.inLockStep((id, gradients) => shared.set(id, gradients), new Set(parameters.map(({ id }) => id)));
  return Array.from({ length: pass.losses }, (_, position) =>
    parameters.map(({ id }) => shared.get(id)?.[position] ?? ownBlock(pass, id, position)),
  );
}

/** The gradient of Σ w_i L_i for the common parameters: one walk, however many losses there are. */
export function weightedRow(pass: WayBack, weights: readonly number[], { common }: ParameterSet): JacobianRow {
  const shared = pass.summed(weights);
  return common.map(({ id }) => shared.get(id) ?? weighted(pass, id, weights));
}

/** What one loss gives the parameters that no other task reaches. */
export function ownedRow(pass: WayBack, position: number, { owned }: ParameterSet): JacobianRow {
  return owned.map(({ id }) => ownBlock(pass, id, position));
}

/** What all losses, each with its weight, give the parameters that one task alone reaches. */
export function weightedOwnedRow(pass: WayBack, weights: readonly number[], { owned }: ParameterSet): JacobianRow {
  return owned.map(({ id }) => weighted(pass, id, weights));
}

function ownBlock(pass: WayBack, id: number, position: number): Float32Array | undefined {
  const own = pass.own.get(id);
  return own?.loss === position ? own.values : undefined;
}

/** Also a common parameter may have but one loss in a batch: the other tasks are absent. */
function weighted(pass: WayBack, id: number, weights: readonly number[]): Float32Array | undefined {
  const own = pass.own.get(id);
  return own === undefined ? undefined : combine([[own.values]], [weights[own.loss] ?? 0], 1)[0];
}
