/** When a run started, as the tree and the dashboard write it: to the second; of another day than `now` with the date. Milliseconds since 1970. */
export function startTime(at: number, now: number): string {
  const date = new Date(at);
  const sameDay = date.toDateString() === new Date(now).toDateString();
  const time = { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false } as const;
  return date.toLocaleString(undefined, sameDay ? time : { month: "short", day: "numeric", ...time });
}
