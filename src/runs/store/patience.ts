import { RunStoreError } from "./store-error.ts";

/** For so long a store that others lock is tried again: a backup, a virus scanner, a person in a database browser. */
export const lockPatienceMs = 15 * 60_000;

const retryMs = 100;

/** Does it again and again while others lock the store, and gives up with the lock's `RunStoreError`. */
export async function patiently<T>(action: () => T, patienceMs: number = lockPatienceMs): Promise<T> {
  const until = Date.now() + patienceMs;
  for (;;) {
    try {
      return action();
    } catch (error) {
      if (!isLocked(error) || Date.now() >= until) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, retryMs));
  }
}

export function isLocked(error: unknown): boolean {
  return error instanceof RunStoreError && error.problem === "locked";
}
