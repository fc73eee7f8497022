import type { BatchFeed } from "./dataset.ts";

/** Closes all of them, one after the other, also where one throws. */
export async function closeFeeds([first, ...others]: readonly Pick<BatchFeed, "close">[]): Promise<void> {
  try {
    await first?.close?.();
  } finally {
    if (others.length > 0) await closeFeeds(others);
  }
}
