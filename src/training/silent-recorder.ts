import type { Recorder } from "./recorder.ts";

/** Takes everything and keeps nothing. */
export const silentRecorder: Recorder = {
  describe: () => undefined,
  resume: () => undefined,
  scalar: () => undefined,
  vector: () => undefined,
  snapshot: () => undefined,
  event: () => undefined,
  progress: () => undefined,
};
