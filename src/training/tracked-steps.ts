/** Multiples of it, without their whole parts, lie evenly in [0, 1) and in step with no period. */
const goldenRatio = (1 + Math.sqrt(5)) / 2;

/**
 * Whether gradients and ownership are measured in a step: in one of each `every`, of which that is the first. Where batches take turns it is
 * another of them each time: with a fixed one every look might meet the same source, whose tasks would seem to own everything.
 */
export function isTracked(step: number, every: number, takesTurns: boolean): boolean {
  const window = Math.floor(step / every);
  const place = takesTurns ? Math.floor(every * ((window * goldenRatio) % 1)) : 0;
  return step % every === place;
}
