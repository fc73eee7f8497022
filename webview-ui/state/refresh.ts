/** Least time between two refreshes: values change at most four times a second. */
const pause = 250;

/**
 * Lets a change be drawn at the next animation frame, but no sooner than `pause` after the last one. Many calls in
 * between are one. The first call after a quiet time is drawn at once.
 */
export function refresher(draw: () => void): () => void {
  let drawnAt = -Infinity;
  let due = false;
  return () => {
    if (due) return;
    due = true;
    window.setTimeout(frame, Math.max(0, drawnAt + pause - performance.now()));
  };

  function frame(): void {
    requestAnimationFrame(() => {
      due = false;
      drawnAt = performance.now();
      draw();
    });
  }
}
