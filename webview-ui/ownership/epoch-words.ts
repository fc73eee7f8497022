import { formatNumber } from "../../src/analysis/format.ts";
import type { RunDescription } from "../../src/experiment/record.ts";
import { say } from "../strings.ts";

/** `epoch 3.2`. */
export function epochWords(step: number, description: RunDescription): string {
  return say("epoch", epochNumber(step, description));
}

/** `3.2`, and whole ones without a part: `8`. */
export function epochNumber(step: number, { stepsPerEpoch }: Pick<RunDescription, "stepsPerEpoch">): string {
  const epoch = step / Math.max(1, stepsPerEpoch);
  return formatNumber(epoch, Number.isInteger(epoch) ? 0 : 1);
}
