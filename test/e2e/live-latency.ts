import { setTimeout as pause } from "node:timers/promises";
import type { Locator } from "playwright-core";
import { z } from "zod";
import { RunReader } from "../../src/runs/store/run-reader.ts";
import { RunRegistry } from "../../src/runs/registry.ts";
import type { Session } from "./session.ts";

/** Milliseconds between two looks at the store: the moment at which a point was on disk is known to this. */
const look = 5;

/** The first chart of the curves. */
const lossChart = "figure.chart canvas";

interface Seen {
  readonly step: number;
  /** Milliseconds since 1970, by the one clock of this machine. */
  readonly at: number;
}

/** Times in milliseconds, from a recorded point being on disk to its being drawn. */
export interface LiveLatency {
  readonly samples: number;
  readonly median: number;
  readonly p95: number;
  readonly most: number;
}

/**
 * Watches the newest run of a session, whose dashboard shows the curves, for some seconds: one sample for each commit of the
 * trainer with new points, until the frame after the one that drew them.
 */
export async function liveLatency(session: Session, seconds: number): Promise<LiveLatency> {
  const [entry] = new RunRegistry().list(session.folder);
  if (entry?.kind !== "run") throw new Error(`There is no run in ${session.folder} to be watched.`);
  const [task] = entry.summary.description?.tasks ?? [];
  if (task === undefined) throw new Error(`The run ${entry.summary.id} is not described yet: watch it once it trains.`);
  const chart = session.dashboard().locator(lossChart).first();
  const page = await (await chart.elementHandle()).ownerFrame();
  if (!page) throw new Error("The dashboard closed before it could be watched.");
  await page.evaluate(noteDrawings);
  const recorded = await commits(entry.summary.folder, `loss/${task.id}`, seconds);
  const last = recorded.at(-1);
  if (last === undefined) throw new Error(`The run ${entry.summary.id} recorded nothing in ${seconds} seconds.`);
  const drawn = await drawnUntil(chart, last.step);
  const times = recorded.map(({ step, at }) => (drawn.find((each) => each.step >= step)?.at ?? Infinity) - at).sort((a, b) => a - b);
  const part = (share: number): number => times[Math.ceil(share * times.length) - 1] ?? NaN;
  return { samples: times.length, median: part(0.5), p95: part(0.95), most: part(1) };
}

/** Every new last step of a series, and when it was on disk. */
async function commits(folder: string, series: string, seconds: number): Promise<readonly Seen[]> {
  using reader = RunReader.open(folder);
  const seen: Seen[] = [];
  let known = reader.latest(series)?.step ?? -1;
  let token = reader.changeToken();
  for (const end = Date.now() + 1000 * seconds; Date.now() < end; await pause(look)) {
    const now = reader.changeToken();
    if (now === token) continue;
    token = now;
    const at = Date.now();
    const step = reader.latest(series)?.step ?? -1;
    if (step > known) seen.push({ step, at });
    known = step;
  }
  return seen;
}

/** Runs in the page: notes at the chart's canvas when it had drawn up to which step. As text, for it is of the page's world. */
const noteDrawings = `(() => {
  const canvas = document.querySelector(${JSON.stringify(lossChart)});
  const drawings = [];
  new MutationObserver(() => {
    const step = Number(canvas.dataset.drawnThrough);
    requestAnimationFrame(() => {
      drawings.push({ step, at: Date.now() });
      canvas.dataset.drawings = JSON.stringify(drawings);
    });
  }).observe(canvas, { attributes: true, attributeFilter: ["data-drawn-through"] });
})()`;

const drawingsShape = z.array(z.object({ step: z.number(), at: z.number() }));

/** What the chart noted, as soon as it has drawn a step. */
async function drawnUntil(chart: Locator, step: number): Promise<readonly Seen[]> {
  for (const end = Date.now() + 30_000; Date.now() < end; await pause(100)) {
    const drawn = drawingsShape.parse(JSON.parse((await chart.getAttribute("data-drawings")) ?? "[]"));
    if (drawn.some((each) => each.step >= step)) return drawn;
  }
  throw new Error(`The chart did not draw step ${step} within 30 seconds after it was recorded.`);
}
