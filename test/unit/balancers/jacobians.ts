import fc from "fast-check";

/** Entries as from a normal distribution, rows scaled over many orders; may hold zero, equal and opposite rows. */
export function jacobians(bounds: { tasks: readonly [number, number]; magnitudes?: number }): fc.Arbitrary<readonly (readonly number[])[]> {
  const { tasks, magnitudes = 3 } = bounds;
  return fc.integer({ min: 1, max: 12 }).chain((width) => {
    const entry = fc.double({ min: -3, max: 3, noNaN: true }).map((value) => (Math.abs(value) < 1e-6 ? 0 : value));
    const row = fc.array(entry, { minLength: width, maxLength: width });
    const scale = fc.double({ min: -magnitudes, max: magnitudes, noNaN: true }).map((power) => 10 ** power);
    const scaled = fc.tuple(row, scale).map(([values, factor]) => values.map((value) => value * factor));
    return fc
      .array(fc.tuple(scaled, fc.constantFrom("free", "free", "free", "zero", "repeat", "oppose")), {
        minLength: tasks[0],
        maxLength: tasks[1],
      })
      .map((rows) => {
        const first = rows[0]?.[0] ?? [];
        return rows.map(([values, kind]) => {
          if (kind === "zero") return values.map(() => 0);
          if (kind === "repeat") return first;
          return kind === "oppose" ? first.map((value) => -2 * value) : values;
        });
      });
  });
}
