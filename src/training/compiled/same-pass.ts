import type { WayBack } from "../gradients/way-back.ts";
import type { Pass } from "../passes/pass.ts";
import { agrees } from "./agreement.ts";
import type { PassRun } from "./pass-run.ts";
import type { RecordedWay, RecordingParts } from "./recorded-pass.ts";

/** Of a sum that is compared: others for each loss. */
export function weightsToCompare({ alone }: RecordedWay): readonly number[] {
  return alone.map((_, position) => 1 / (position + 1));
}

interface Told {
  readonly run: PassRun;
  readonly way: WayBack;
  /** Names of values that `run` has. */
  readonly outputs: readonly string[];
  readonly losses: readonly (string | undefined)[];
  readonly weights: readonly number[];
}

/** Whether a recording computed all that a plain pass tells, but for rounding. */
export function tellsTheSame(plain: Pass, { run, way, outputs, losses, weights }: Told, { variables }: RecordingParts): boolean {
  const expected = plain.back(plain.losses.map((_, task) => task));
  const ids = variables.map(({ id }) => id);
  const gradients = (from: WayBack): readonly (Float32Array | undefined)[] => [
    ...ids.map((id) => from.own.get(id)?.values),
    ...weights.flatMap((_, position) => {
      const alone = from.alone(position);
      return ids.map((id) => alone.get(id));
    }),
  ];
  const sum = (from: WayBack): readonly (Float32Array | undefined)[] => {
    const summed = from.summed(weights);
    return ids.map((id) => summed.get(id));
  };
  return (
    outputs.every((name, task) => agrees([plain.outputs[task]], [run.values(name)])) &&
    losses.every((name, task) => agrees([numberIn(plain.losses[task])], [name === undefined ? undefined : run.values(name)])) &&
    agrees(gradients(expected), gradients(way)) &&
    agrees(sum(expected), sum(way)) &&
    agrees(expected.representation().flat(), way.representation().flat())
  );
}

function numberIn(loss: number | undefined): Float32Array | undefined {
  return loss === undefined ? undefined : Float32Array.of(loss);
}
