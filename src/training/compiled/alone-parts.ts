import type { VariableGradients } from "../gradients/way-back.ts";
import type { HeldAccumulators, HeldParts } from "../passes/held-gradients.ts";
import type { GradientRows } from "../shared-step.ts";
import type { TrainedParameter } from "../trained-parameter.ts";
import { present } from "./compiled-way.ts";
import type { GraphRun } from "./graph-run.ts";

interface AloneStep {
  readonly run: GraphRun;
  /** By task, the gradients that it has of the common parameters. */
  readonly alone: readonly VariableGradients<string>[];
  readonly common: readonly TrainedParameter[];
  /** By common parameter. */
  readonly accumulators: readonly HeldAccumulators[];
}

/** Parts of a step along a sum of gradients that TensorFlow has one by one. */
export class AloneParts implements HeldParts {
  readonly precision = "single";
  readonly #step: AloneStep;

  constructor(step: AloneStep) {
    this.#step = step;
  }

  show(index: number, see: (gradients: GradientRows, accumulators: HeldAccumulators) => void): void {
    const { run, alone, common, accumulators } = this.#step;
    const [parameter, own] = [common[index], accumulators[index]];
    if (parameter === undefined || own === undefined) throw new RangeError(`There is no common parameter ${index}.`);
    const { id, reach, size } = parameter;
    run.show(present(reach.map((task) => alone[task]?.get(id))), [], (gradients) => {
      const read = (task: number, start: number, count: number): Float32Array => {
        const gradient = gradients[reach.indexOf(task)];
        if (gradient === undefined) throw new RangeError(`Task ${task} gives nothing to the common parameter ${index}.`);
        return gradient.subarray(start, start + count);
      };
      see({ length: size, read }, own);
    });
  }

  /** The step did not go by them. */
  products(): undefined {
    return undefined;
  }
}
