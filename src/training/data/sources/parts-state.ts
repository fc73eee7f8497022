import type { FeedState } from "../dataset.ts";
import type { PartFeed } from "./part-feed.ts";

/** The states of all parts in one, each name behind the number of its part. */
export function saveParts(feeds: readonly PartFeed[]): FeedState {
  const states = feeds.map((feed) => feed.save());
  const together = <Value>(select: (state: FeedState) => Readonly<Record<string, Value>>): Record<string, Value> =>
    Object.fromEntries(
      states.flatMap((state, part) => Object.entries(select(state)).map(([name, value]) => [`${prefixOf(part)}${name}`, value] as const)),
    );
  return { numbers: together(({ numbers }) => numbers), arrays: together(({ arrays }) => arrays) };
}

/** Throws `RangeError` when the state is of other rows. */
export async function restoreParts(feeds: readonly PartFeed[], { numbers, arrays }: FeedState): Promise<void> {
  for (const [part, feed] of feeds.entries()) {
    await feed.restore({ numbers: below(numbers, prefixOf(part)), arrays: below(arrays, prefixOf(part)) });
  }
}

function prefixOf(part: number): string {
  return `source-${part + 1}/`;
}

function below<Value>(all: Readonly<Record<string, Value>>, prefix: string): Record<string, Value> {
  return Object.fromEntries(
    Object.entries(all).flatMap(([name, value]) => (name.startsWith(prefix) ? [[name.slice(prefix.length), value] as const] : [])),
  );
}
