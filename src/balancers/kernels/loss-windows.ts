/** Mean losses of consecutive windows (epochs, or a fixed number of steps): the open one, and the two closed before it. */
export interface LossWindows {
  /** Sums and counts of the open window, one a task. */
  readonly sum: readonly number[];
  readonly seen: readonly number[];
  /** Means of the last closed window and the one before; NaN where a task has none yet. */
  readonly last: readonly number[];
  readonly before: readonly number[];
  /** The open window's number, alone in an array as all state is. */
  readonly window: readonly number[];
}

export function startWindows(tasks: number): LossWindows {
  const zeros = new Array<number>(tasks).fill(0);
  const none = new Array<number>(tasks).fill(NaN);
  return { sum: zeros, seen: zeros, last: none, before: none, window: [-1] };
}

/** Closes the open window when `window` is another one. A task that was absent all through keeps its older means. */
export function enterWindow(windows: LossWindows, window: number): LossWindows {
  if (windows.window[0] === window) return windows;
  const means = windows.sum.map((sum, task) => sum / (windows.seen[task] ?? 0));
  const fresh = means.map((mean) => Number.isFinite(mean));
  const zeros = means.map(() => 0);
  return {
    sum: zeros,
    seen: zeros,
    last: means.map((mean, task) => (fresh[task] === true ? mean : (windows.last[task] ?? NaN))),
    before: means.map((_, task) => (fresh[task] === true ? (windows.last[task] ?? NaN) : (windows.before[task] ?? NaN))),
    window: [window],
  };
}

/** Adds one step's losses of the present tasks to the open window. */
export function addLosses(windows: LossWindows, tasks: readonly number[], losses: readonly number[]): LossWindows {
  const sum = [...windows.sum];
  const seen = [...windows.seen];
  tasks.forEach((task, position) => {
    sum[task] = (sum[task] ?? 0) + (losses[position] ?? 0);
    seen[task] = (seen[task] ?? 0) + 1;
  });
  return { ...windows, sum, seen };
}

/** `last / before` of a task: 1 before both are known, and where either is negative or the earlier one is 0. */
export function lossRatio({ last, before }: LossWindows, task: number): number {
  const [now, then] = [last[task] ?? NaN, before[task] ?? NaN];
  return now >= 0 && then > 0 ? now / then : 1;
}
