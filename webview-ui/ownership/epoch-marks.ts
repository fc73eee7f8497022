/** Pixels between two marks at least. */
const markRoom = 56;

/** Round epochs that fit on an axis of this width, the first and the last among them. */
export function epochMarks(epochs: number, width: number): number[] {
  const most = Math.max(1, Math.floor(width / markRoom));
  const raw = epochs / most;
  const power = 10 ** Math.floor(Math.log10(Math.max(raw, 1e-6)));
  const gap = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= raw * 0.999) ?? raw;
  const marks: number[] = [];
  // The last mark carries the unit and needs twice the room.
  for (let i = 0; i * gap < epochs && ((epochs - i * gap) / epochs) * width > 1.6 * markRoom; i++)
    marks.push(Number((i * gap).toPrecision(12)));
  return [...marks, epochs];
}
