import { z } from "zod";
import type { FromPage, PanelState } from "../protocol.ts";

const run = z.string().min(1).max(500);
const name = z.string().min(1).max(500);
const request = z.int().min(0);
const step = z.number().min(0);

const panelState = z.strictObject({
  experimentFile: z.string().min(1),
  run: run.nullable(),
  view: z.enum(["overview", "curves", "ownership"]),
  page: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
});

const subscription = z.strictObject({
  run,
  scalars: z.array(name).max(10_000),
  vectors: z.array(name).max(10_000),
  columns: z.int().min(1).max(20_000),
  span: z.tuple([z.number(), z.number()]).nullable(),
});

const fromPage = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("ready") }),
  z.strictObject({ type: z.literal("subscribe"), subscription: subscription.nullable() }),
  z.strictObject({ type: z.literal("get-snapshot"), request, run, parameter: name, step }),
  z.strictObject({ type: z.literal("get-vector"), request, run, series: name, step }),
  z.strictObject({ type: z.literal("keep"), state: panelState }),
  z.strictObject({
    type: z.literal("command"),
    command: z.enum(["run", "stop", "stop-now", "show-log", "open-config"]),
    run: run.nullable(),
  }),
]);

/** A message of the page. Throws a `TypeError` that names the wrong parts when it does not fit the protocol. */
export function parseFromPage(message: unknown): FromPage {
  const parsed = fromPage.safeParse(message);
  if (!parsed.success) throw new TypeError(`The dashboard page sent a message that does not fit: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}

/** The state that a page kept over a reload; undefined when it is of another version or broken. */
export function parsePanelState(state: unknown): PanelState | undefined {
  return panelState.safeParse(state).data;
}
