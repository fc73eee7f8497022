import type { ToPage } from "../../src/editor/protocol.ts";

/**
 * The door for messages from the host. What does not fit is refused with a reason, so that a page of one version and a
 * host of another say so instead of drawing nonsense. The host is our own code, so the check is of shape, not of trust.
 */
export type Received = { readonly message: ToPage } | { readonly problem: string };

const checks: { readonly [Type in ToPage["type"]]: (fields: Fields) => boolean } = {
  state: ({ experiment, runs }) => isRecord(experiment) && typeof experiment["name"] === "string" && Array.isArray(runs),
  "series-list": ({ run, series }) => typeof run === "string" && Array.isArray(series),
  data: ({ run, scalars, vectors, events, snapshots }) =>
    typeof run === "string" &&
    Array.isArray(scalars) &&
    scalars.every(isScalarUpdate) &&
    Array.isArray(vectors) &&
    vectors.every(isVectorUpdate) &&
    Array.isArray(events) &&
    Array.isArray(snapshots),
  snapshot: ({ request, info, map }) =>
    typeof request === "number" && isRecord(info) && isRecord(map) && map["shares"] instanceof Uint8Array,
  "vector-at": ({ request, update }) => typeof request === "number" && isVectorUpdate(update),
  "log-tail": ({ run, lines }) => typeof run === "string" && Array.isArray(lines),
  refused: ({ message }) => typeof message === "string",
};

/** Checks one message. */
export function receive(data: unknown): Received {
  if (!isRecord(data) || typeof data["type"] !== "string") return { problem: "a message without a type" };
  if (!isMessage(data)) return { problem: `a message of type "${data["type"]}" that does not fit the protocol` };
  return { message: data };
}

type Fields = Readonly<Record<string, unknown>>;

function isMessage(data: Fields): data is Fields & ToPage {
  const type = data["type"];
  return typeof type === "string" && isKnown(type) && checks[type](data);
}

function isKnown(type: string): type is ToPage["type"] {
  return Object.hasOwn(checks, type);
}

function isRecord(value: unknown): value is Fields {
  return typeof value === "object" && value !== null;
}

function isScalarUpdate(value: unknown): boolean {
  return (
    isRecord(value) &&
    typeof value["name"] === "string" &&
    (value["mode"] === "replace" || value["mode"] === "append") &&
    value["steps"] instanceof Float64Array &&
    value["values"] instanceof Float64Array &&
    value["steps"].length === value["values"].length &&
    (value["recent"] === null || typeof value["recent"] === "number")
  );
}

function isVectorUpdate(value: unknown): boolean {
  return (
    isRecord(value) &&
    typeof value["name"] === "string" &&
    typeof value["width"] === "number" &&
    typeof value["step"] === "number" &&
    value["values"] instanceof Float32Array
  );
}
