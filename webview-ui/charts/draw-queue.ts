/** Milliseconds of one frame that drawing may take before the rest waits for the next: the page stays responsive. */
const budget = 10;

const waiting = new Map<object, () => void>();
let due = false;

/** Draws in one of the next frames. A later drawing for the same thing takes the place of one that still waits. */
export function drawSoon(thing: object, draw: () => void): void {
  waiting.set(thing, draw);
  if (due) return;
  due = true;
  requestAnimationFrame(drawSome);
}

/** Forgets what waits for a thing that is gone. */
export function drawNever(thing: object): void {
  waiting.delete(thing);
}

function drawSome(): void {
  const start = performance.now();
  for (const [thing, draw] of waiting) {
    waiting.delete(thing);
    draw();
    if (performance.now() - start > budget) break;
  }
  due = waiting.size > 0;
  if (due) requestAnimationFrame(drawSome);
}
