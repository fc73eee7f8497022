import { useEffect, useState } from "preact/hooks";
import { usePage } from "../parts/context.ts";

/** A whole run is played in about this time, in milliseconds… */
const wholeRun = 12_000;
/** …but no map is shown for less or more than this. */
const [shortest, longest] = [120, 600];

interface Playback {
  /** False where there are no two maps to go through. */
  readonly possible: boolean;
  readonly playing: boolean;
  toggle(): void;
  stop(): void;
}

/** Goes from one map of the chosen tensor to the next, and after the last one follows the run again. */
export function usePlayback(): Playback {
  const { dashboard } = usePage();
  const [playing, setPlaying] = useState(false);
  // Not the step looked at: the last map may be of a later step than the last share.
  const { moment } = dashboard.memory.value;
  const parameter = dashboard.parameter.value;
  const steps = dashboard.snapshots.value.filter((info) => info.parameter === parameter).map((info) => info.step);
  const next = moment === null ? undefined : steps.find((at) => at > moment);
  const pace = Math.min(longest, Math.max(shortest, wholeRun / Math.max(1, steps.length)));

  useEffect(() => {
    if (!playing) return;
    const timer = window.setTimeout(() => {
      if (next === undefined) setPlaying(false);
      dashboard.remember({ moment: next ?? null });
    }, pace);
    return () => window.clearTimeout(timer);
  }, [playing, next, pace]);

  return {
    possible: steps.length > 1,
    playing,
    stop: () => setPlaying(false),
    toggle(): void {
      const [first] = steps;
      if (!playing && next === undefined && first !== undefined) dashboard.remember({ moment: first });
      setPlaying(!playing);
    },
  };
}
