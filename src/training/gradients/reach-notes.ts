import type { TrainedParameter } from "../trained-parameter.ts";

/** Pairs that a note names; a run of twenty tasks has 190. */
const namedPairs = 12;

/**
 * What there is to know of a network in which not every task reaches every shared parameter: a low cosine may say more of the
 * network than of the tasks.
 */
export function reachNotes(parameters: readonly TrainedParameter[], tasks: readonly string[]): readonly string[] {
  const frozen = parameters.filter(({ reach }) => reach.length === 0).map(({ name }) => name);
  const shares = pairShares(
    parameters.filter(({ reach }) => reach.length > 1),
    tasks,
  );
  const notes: string[] = [];
  if (frozen.length > 0) notes.push(`No task's loss depends on ${frozen.join(", ")}: what stands there at first stays.`);
  if (shares.length > 0) {
    const named = shares.slice(0, namedPairs).map(({ pair, share }) => `${pair} ${percent(share)}`);
    const more = shares.length > namedPairs ? `, and ${shares.length - namedPairs} more pairs` : "";
    notes.push(
      `Not every task reaches every shared weight. The cosine of two tasks is taken over those that both reach: ${named.join(", ")}${more}.`,
    );
  }
  return notes;
}

/** Of each pair of tasks, the share of the common elements that both reach; pairs that reach all are left out. */
function pairShares(
  common: readonly TrainedParameter[],
  tasks: readonly string[],
): readonly { readonly pair: string; readonly share: number }[] {
  const all = common.reduce((sum, { size }) => sum + size, 0);
  return tasks.flatMap((a, i) =>
    tasks.slice(i + 1).flatMap((b, distance) => {
      const both = common.filter(({ reach }) => reach.includes(i) && reach.includes(i + 1 + distance));
      const share = both.reduce((sum, { size }) => sum + size, 0) / all;
      return share === 1 || all === 0 ? [] : [{ pair: `${a} and ${b}`, share }];
    }),
  );
}

function percent(share: number): string {
  return share === 0 ? "none" : `${(100 * share).toFixed(share < 0.01 ? 2 : 0)} %`;
}
