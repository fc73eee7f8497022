import type { VariableGradients } from "../gradients/way-back.ts";
import type { HeldParts } from "../passes/held-gradients.ts";
import type { GradientRows, KnownMoves } from "../shared-step.ts";
import type { TrainedParameter } from "../trained-parameter.ts";
import { present } from "./compiled-way.ts";
import type { GraphRun } from "./graph-run.ts";
import type { AddedTensors } from "./update-graph.ts";

interface ApartStep {
  readonly run: GraphRun;
  /** By task, the gradients that it has of the common parameters. */
  readonly alone: readonly VariableGradients<string>[];
  readonly common: readonly TrainedParameter[];
  /** By common parameter. */
  readonly added: readonly AddedTensors[];
  readonly rate: number;
}

/** Parts of a step in which each task has moved the parameters by itself, with gradients and moves that TensorFlow has. */
export class ApartParts implements HeldParts {
  readonly precision = "single";
  readonly #step: ApartStep;

  constructor(step: ApartStep) {
    this.#step = step;
  }

  show(index: number, see: (gradients: GradientRows, moves: KnownMoves) => void): void {
    const { run, alone, common, added, rate } = this.#step;
    const [parameter, own] = [common[index], added[index]];
    if (parameter === undefined || own === undefined) throw new RangeError(`There is no common parameter ${index}.`);
    const { id, reach, size } = parameter;
    const names = present(reach.map((task) => alone[task]?.get(id)));
    run.show(names, [...own.each, own.total], (values) => {
      const [gradients, moves] = [values.slice(0, reach.length), values.slice(reach.length)];
      const direction = perRate(values.at(-1) ?? nothing, rate);
      const partOf = (row: Float32Array | undefined, start: number, count: number): Float32Array =>
        (row ?? nothing).subarray(start, start + count);
      see(
        {
          length: size,
          read: (task, start, count) => partOf(gradients[reach.indexOf(task)], start, count),
          readDirection: (start, count) => partOf(direction, start, count),
        },
        { read: (task, start, count) => partOf(moves[reach.indexOf(task)], start, count) },
      );
    });
  }

  /** The step did not go by them. */
  products(): undefined {
    return undefined;
  }
}

const nothing = new Float32Array(0);

/** What was added as a direction, in its place: what is subtracted for a rate of 1, and 0 where a schedule has come down to that. */
function perRate(added: Float32Array, rate: number): Float32Array {
  const factor = rate > 0 ? -1 / rate : 0;
  for (let i = 0; i < added.length; i++) added[i] = factor * (added[i] ?? 0);
  return added;
}
