import type { BalanceStatus, PreparedBalancer, Remembered, Weighing } from "../balancers/balancer.ts";
import { combine, inBlocks, type JacobianRow } from "./gradients/gram.ts";
import { norm } from "./gradients/measured.ts";
import type { ParameterSet } from "./gradients/per-task.ts";
import type { StepCount } from "./step-report.ts";

/** A task that has a label among the rows. */
export interface Present {
  readonly task: number;
  /** Its loss. */
  readonly value: number;
  /** In [0, 1]; given to methods that ask for it. */
  readonly performance?: number;
}

/** A step that was computed but has not changed anything yet. */
export interface Proposal {
  readonly tasks: readonly number[];
  readonly weights: readonly number[];
  readonly status: BalanceStatus;
  /** Factor by which the direction was shortened, where it was too long to be anything but an accident; else 1. */
  readonly shortened: number;
  readonly remembered: Remembered;
  /** The gradients of the tasks, where they were computed one by one. */
  readonly rows: readonly JacobianRow[] | undefined;
  /** What the weights combine: the gradients, or what the method made of them. */
  readonly parts: readonly JacobianRow[] | undefined;
  readonly direction: JacobianRow;
  readonly owned: JacobianRow;
}

export interface ProposalParts {
  readonly parameters: ParameterSet;
  readonly balancer: PreparedBalancer;
  /** Where it began to count. */
  readonly began: StepCount;
  /** Whether a head sees its own loss or its weighted loss. */
  readonly heads: "own" | "weighted";
  /** λ of ½ λ ‖θ‖². */
  readonly weightDecay: number;
  /** Longest direction in multiples of the sum of the gradient norms, for methods that keep the gradients' scale. */
  readonly maxNormFactor: number;
}

export interface ProposalMoment {
  readonly step: number;
  readonly epoch: number;
  /** Compute every task's gradient, whatever the method needs. */
  readonly track: boolean;
}

/** The step that a method's answer comes to. */
export function finished(
  settings: ProposalParts,
  { weights, status, rows: made, state, buffers }: Weighing & Remembered,
  tasks: readonly number[],
  { owned, rows, summed, norms }: Found,
): Proposal {
  const { parameters, weightDecay } = settings;
  const parts = made === undefined ? rows : made.map((vector, position) => inBlocks(vector, parameters.common, tasks[position]));
  const { direction, shortened } = bounded(settings, summed ?? combine(parts ?? [], weights, parameters.common.length), norms);
  return {
    tasks,
    weights: shortened === 1 ? weights : weights.map((weight) => weight * shortened),
    status,
    shortened,
    remembered: { state, ...(buffers === undefined ? {} : { buffers }) },
    rows,
    parts,
    direction: decayed(direction, parameters.common, weightDecay),
    owned: decayed(owned, parameters.owned, weightDecay),
  };
}

/** Guards against solves of singular systems: a method that keeps the gradients' scale has no reason for a longer step. */
function bounded(
  { balancer, maxNormFactor }: ProposalParts,
  direction: JacobianRow,
  norms: (() => readonly number[]) | undefined,
): { readonly direction: JacobianRow; readonly shortened: number } {
  // Where the gradients are known in tracked steps alone, recording must not change what is trained.
  const alwaysKnown =
    balancer.balancer.action === "combine-gradients" && balancer.balancer.needs !== "losses" && balancer.level === "parameters";
  if (norms === undefined || !alwaysKnown || balancer.balancer.properties?.length !== 1) return { direction, shortened: 1 };
  const longest = maxNormFactor * norms().reduce((sum, each) => sum + each, 0);
  const length = norm(direction);
  if (!(length > longest) || !Number.isFinite(length)) return { direction, shortened: 1 };
  const shortened = longest / length;
  return { direction: direction.map((block) => block?.map((value) => value * shortened)), shortened };
}

/** What a step was found to be made of. */
export interface Found {
  readonly owned: JacobianRow;
  /** The gradients one by one, where they were computed so. */
  readonly rows?: readonly JacobianRow[];
  /** Σ w_i g_i, where it came of a walk of its own. */
  readonly summed?: JacobianRow;
  /** Lengths of the gradients, where they are known. */
  readonly norms?: () => readonly number[];
}

/** g + λ θ, for every parameter that moves in this step. */
function decayed(row: JacobianRow, parameters: ParameterSet["common"], weightDecay: number): JacobianRow {
  if (weightDecay === 0) return row;
  return row.map((block, index) => {
    const values = parameters[index]?.values;
    return values === undefined ? block : block?.map((gradient, i) => gradient + weightDecay * (values[i] ?? 0));
  });
}
