import { formatNumber } from "../../src/analysis/format.ts";
import type { RunDescription } from "../../src/experiment/record.ts";
import { say } from "../strings.ts";

/** `epoch 3.2`. */
export function epochWords(step: number, description: RunDescription): string {
  return say("epoch", epochNumber(step, description));
}

export function epochNumber(step: number, { stepsPerEpoch }: RunDescription): string {
  return formatNumber(step / Math.max(1, stepsPerEpoch), 1);
}
