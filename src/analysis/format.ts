import type { MetricDescription } from "../experiment/record.ts";

const narrowSpace = "\u202f";
const minus = "\u2212";

/** `12 345.7`: thousands by narrow space, real minus, as many decimals as asked. */
export function formatNumber(value: number, decimals = 0): string {
  if (Number.isNaN(value)) return "not a number";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : `${minus}∞`;
  const [whole = "0", fraction] = Math.abs(value).toFixed(decimals).split(".");
  const grouped = whole.length > 4 ? whole.replace(/\B(?=(\d{3})+$)/g, narrowSpace) : whole;
  const text = fraction === undefined ? grouped : `${grouped}.${fraction}`;
  return value < 0 && Number(text.replaceAll(narrowSpace, "")) !== 0 ? minus + text : text;
}

/** `0.0631`, `12.4`, `1.2e−7`: three significant digits, in powers of ten where zeros would pile up. */
export function formatQuantity(value: number): string {
  if (!Number.isFinite(value) || value === 0) return formatNumber(value);
  const size = Math.abs(value);
  if (size < 1e-4 || size >= 1e7) return value.toExponential(1).replaceAll("-", minus).replace("+", "");
  return formatNumber(value, Math.max(0, 2 - Math.floor(Math.log10(size))));
}

/** `96.3 %`. A share is 1 for the whole. */
export function formatShare(share: number, decimals = 0): string {
  return Number.isFinite(share) ? `${formatNumber(100 * share, decimals)}${narrowSpace}%` : formatNumber(share);
}

/** A metric in its own unit: a share in per cent, anything else as a quantity. */
export function formatMetric(value: number, metric: Pick<MetricDescription, "unit">): string {
  return metric.unit === "share" ? formatShare(value, 1) : formatQuantity(value);
}

/** `9 s`, `1 min 33 s`, `2 h 5 min`. */
export function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole}${narrowSpace}s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}${narrowSpace}min ${whole % 60}${narrowSpace}s`;
  return `${Math.floor(whole / 3600)}${narrowSpace}h ${Math.floor((whole % 3600) / 60)}${narrowSpace}min`;
}
