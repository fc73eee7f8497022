import { formatDuration } from "../../src/analysis/format.ts";
import type { RunDescription } from "../../src/experiment/record.ts";
import { say } from "../strings.ts";

/** `1 min 33 s left` at the pace of the last steps; null where the pace is not known. */
export function timeLeft(step: number, { totalSteps }: Pick<RunDescription, "totalSteps">, stepsPerSecond: number | null): string | null {
  if (stepsPerSecond === null || !(stepsPerSecond > 0)) return null;
  return say("timeLeft", formatDuration(Math.max(0, totalSteps - step) / stepsPerSecond));
}
