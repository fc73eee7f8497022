import { resolveBalancer, type BalancerEntry } from "../../balancers/catalogue.ts";
import type { OptimizerInput } from "../../experiment/optimizer-schema.ts";
import type { Schedule } from "../../experiment/schedule-schema.ts";
import type { Experiment } from "../../experiment/schema.ts";
import { plateauSchema, type PhaseEntry, type PlateauOptions } from "../../experiment/phase-schema.ts";

/** One phase as it is asked for. A training that names none has one, without a name, to its end. */
export interface PhasePlan {
  readonly index: number;
  readonly name: string | undefined;
  /** Most steps that it takes; infinite where nothing but a plateau, or the training, ends it. */
  readonly steps: number;
  readonly plateau: PlateauOptions | undefined;
  /** What trains; everything where it is left out. */
  readonly train: readonly string[] | undefined;
  readonly balancer: BalancerEntry;
  readonly optimizer: OptimizerInput;
  /** In place of the optimizer's own. */
  readonly learningRate: number | undefined;
  /** Over this phase, in place of that over the training. */
  readonly schedule: Schedule | undefined;
  /** The same for phases with the same balancer, options included. */
  readonly method: string;
  /** Most epochs that its balancer will have from its start on: those of all phases in a row with the same one. */
  readonly balancerEpochs: number;
}

export interface TrainingPlan {
  readonly phases: readonly PhasePlan[];
  /** Most steps of the whole training. */
  readonly steps: number;
}

/** The phases of an experiment, of which an epoch takes so many steps. */
export function planTraining(experiment: Experiment, stepsPerEpoch: number): TrainingPlan {
  const { epochs, phases } = experiment.training;
  const entries: readonly Partial<PhaseEntry>[] = phases ?? [{}];
  const longest = epochs * stepsPerEpoch;
  const drafts = entries.map((entry, index) => ({ index, ...draftOf(entry, experiment, stepsPerEpoch) }));
  const steps = Math.min(
    longest,
    drafts.reduce((sum, draft) => sum + draft.steps, 0),
  );
  const kinds = drafts.length === 1 ? [""] : drafts.map(({ balancer }) => canonical(balancer));
  return {
    phases: drafts.map((draft, index) => ({
      ...draft,
      method: kinds[index] ?? "",
      balancerEpochs: Math.ceil(spanOf(index, kinds, drafts, longest) / stepsPerEpoch),
    })),
    steps,
  };
}

function draftOf(
  entry: Partial<PhaseEntry>,
  experiment: Experiment,
  stepsPerEpoch: number,
): Omit<PhasePlan, "index" | "method" | "balancerEpochs"> {
  const { until, name, train, learningRate, schedule } = entry;
  const ends = until === "plateau" ? { plateau: plateauSchema.parse({}) } : (until ?? {});
  const inEpochs = ends.epochs === undefined ? Infinity : Math.max(1, Math.round(ends.epochs * stepsPerEpoch));
  return {
    name,
    steps: Math.min(inEpochs, ends.steps ?? Infinity),
    plateau: ends.plateau,
    train,
    balancer: entry.balancer ?? experiment.balancer,
    optimizer: entry.optimizer ?? experiment.optimizer,
    learningRate,
    schedule,
  };
}

/** The same text for the same method with the same options, however they are written. */
function canonical(entry: BalancerEntry): string {
  const { balancer, options } = resolveBalancer(entry);
  return JSON.stringify([balancer.id, balancer.options.parse(options)]);
}

/** Steps of all phases in a row that have the same balancer as the one at `index`. */
function spanOf(index: number, kinds: readonly string[], phases: readonly { readonly steps: number }[], longest: number): number {
  let first = index;
  while (first > 0 && kinds[first - 1] === kinds[index]) first -= 1;
  const end = kinds.findIndex((kind, later) => later > index && kind !== kinds[index]);
  const sum = (from: number, to?: number): number => phases.slice(from, to).reduce((total, { steps }) => total + steps, 0);
  const before = sum(0, first);
  return Math.max(1, Math.min(sum(first, end < 0 ? undefined : end), Number.isFinite(before) ? longest - before : longest));
}
