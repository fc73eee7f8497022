import type { RecordedWay } from "./recorded-pass.ts";
import type { UpdateParts } from "./update-layout.ts";

/** Whether the recording tells of exactly the gradients that the update takes in: all tasks', for all that trains. */
export function canHold({ own, summed, alone }: RecordedWay, { common, owned, tasks }: UpdateParts): boolean {
  if (common.length === 0 || alone.length !== tasks) return false;
  const areReached = common.every(({ id, reach }) => alone.every((gradients, task) => gradients.has(id) === reach.includes(task)));
  const areOwn = owned.every(({ id, reach }) => own.get(id)?.loss === reach[0]);
  return areReached && areOwn && own.size === owned.length && summed.size === common.length && common.every(({ id }) => summed.has(id));
}
