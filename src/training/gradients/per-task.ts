import { dispose, type Tensor } from "@tensorflow/tfjs-core";
import type { TrainedParameter } from "../trained-parameter.ts";
import type { JacobianRow } from "./gram.ts";
import type { Seed, Tape } from "./tape.ts";

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

/** Gradients of one walk; one entry a parameter, undefined where the walk did not come. */
export interface Gradients {
  readonly common: JacobianRow;
  readonly owned: JacobianRow;
}

/** The gradients of one task's loss, its head's among them: one walk. */
export function taskGradients(tape: Tape, loss: Tensor, parameters: ParameterSet): Gradients {
  return read(tape.walk(loss), parameters);
}

/**
 * The gradients of Σ w_i L_i in one walk. With `ownUnweighted`, owned parameters get the gradient of their own loss instead.
 * `tasks` are the tasks of the seeds.
 */
export function summedGradients(
  tape: Tape,
  seeds: readonly Seed[],
  tasks: readonly number[],
  ownUnweighted: boolean,
  parameters: ParameterSet,
): Gradients {
  const { common, owned } = read(tape.walkSum(seeds, ownUnweighted), parameters);
  if (!ownUnweighted) return { common, owned };
  // Where all other tasks are absent the walk met no crossing, so the weight is still missing.
  const weighted = common.map((block, index) => {
    const present = tasks.filter((task) => parameters.common[index]?.reach.includes(task));
    const weight = present.length === 1 ? seeds.find((_, position) => tasks[position] === present[0])?.weight : undefined;
    return weight === undefined ? block : block?.map((value) => value * weight);
  });
  return { common: weighted, owned };
}

function read(gradients: ReadonlyMap<number, Tensor>, { common, owned }: ParameterSet): Gradients {
  const block = ({ id }: TrainedParameter): Float32Array | undefined => gradients.get(id)?.dataSync<"float32">();
  const values = { common: common.map(block), owned: owned.map(block) };
  dispose([...gradients.values()]);
  return values;
}
