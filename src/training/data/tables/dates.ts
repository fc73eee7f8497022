import type { DatePart } from "../../../experiment/table-inputs.ts";

const isoDate = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?$/;

const minute = 60_000;
const day = 24 * 60 * minute;

/**
 * Milliseconds since 1970 of a date as ISO 8601 writes it, with or without a time: `2001-01-14`, `2001-01-14 21:55`,
 * `2001-01-14T21:55:00.5+01:00`. Without an offset it is taken as it stands. `undefined` for anything else.
 */
export function parseDate(text: string): number | undefined {
  const found = isoDate.exec(text);
  if (found === null) return undefined;
  const part = (group: number): number => Number(found[group] ?? 0);
  const [year, month, date, hour, minutes, seconds] = [part(1), part(2), part(3), part(4), part(5), part(6)];
  if (hour > 23 || minutes > 59 || seconds > 59) return undefined;
  const start = new Date(0);
  start.setUTCFullYear(year, month - 1, date);
  // The calendar carries the 30th of February on to March.
  if (start.getUTCMonth() !== month - 1 || start.getUTCDate() !== date) return undefined;
  const time = (hour * 60 + minutes) * minute + (seconds + part(7)) * 1000;
  return start.getTime() + time - offsetOf(found[8]);
}

function offsetOf(zone: string | undefined): number {
  if (zone === undefined || zone === "Z") return 0;
  const [hours, minutes] = [Number(zone.slice(1, 3)), Number(zone.slice(-2))];
  return (zone.startsWith("-") ? -1 : 1) * (hours * 60 + minutes) * minute;
}

interface PartFacts {
  /** After how many values it begins anew; undefined where it never does. */
  readonly period?: number;
  /** Its least value. */
  readonly first: number;
  of(date: Date): number;
}

/** Parts of a date, all in UTC. Weeks begin on Monday. */
export const dateParts: Readonly<Record<DatePart, PartFacts>> = {
  year: { first: 0, of: (date) => date.getUTCFullYear() },
  month: { period: 12, first: 1, of: (date) => date.getUTCMonth() + 1 },
  day: { period: 31, first: 1, of: (date) => date.getUTCDate() },
  weekday: { period: 7, first: 1, of: (date) => ((date.getUTCDay() + 6) % 7) + 1 },
  "day-of-year": { period: 366, first: 1, of: (date) => Math.floor((date.getTime() - Date.UTC(date.getUTCFullYear(), 0, 1)) / day) + 1 },
  hour: { period: 24, first: 0, of: (date) => date.getUTCHours() },
  minute: { period: 60, first: 0, of: (date) => date.getUTCMinutes() },
  "minute-of-day": { period: 1440, first: 0, of: (date) => date.getUTCHours() * 60 + date.getUTCMinutes() },
};
