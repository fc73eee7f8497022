import { formatNumber, formatQuantity } from "../src/analysis/format.ts";

/** How the numbers of a chart are written. `percent`: shares, without the sign, which stands in the chart's title. */
export type NumberStyle = "percent" | "quantity" | "two" | "one";

const unknown = "–";

/** One value in a chart's style; a dash for what is not known. */
export function written(value: number | null | undefined, style: NumberStyle): string {
  if (value === null || value === undefined) return unknown;
  switch (style) {
    case "percent":
      return formatNumber(100 * value, 1);
    case "two":
      return formatNumber(value, 2);
    case "one":
      return formatNumber(value, 1);
    case "quantity":
      return formatQuantity(value);
  }
}

/** Marks of an axis, all with as many decimals as their spacing needs. */
export function axisMark(value: number, spacing: number, style: NumberStyle): string {
  const scale = style === "percent" ? 100 : 1;
  const gap = Math.abs(spacing * scale);
  const decimals = gap > 0 ? Math.max(0, -Math.floor(Math.log10(gap) + 1e-9)) : 0;
  // The axis is 44 pixels wide: longer marks are written as powers of ten.
  if (value !== 0 && (decimals > 3 || Math.abs(value * scale) >= 1e5))
    return (value * scale).toExponential(1).replace(".0", "").replaceAll("-", "−").replace("+", "");
  if (value === 0) return "0";
  return formatNumber(value * scale, decimals);
}

/** A metric's name as people write it: short ones are abbreviations. */
export function metricWords(name: string): string {
  if (name === "r2") return "R²";
  return name.length <= 4 ? name.toUpperCase() : name;
}

/** Time of day, as the reader's machine writes it. */
export function timeOfDay(milliseconds: number): string {
  return new Date(milliseconds).toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
}
