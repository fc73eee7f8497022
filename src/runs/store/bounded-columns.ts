/** Bytes of one text or blob, and of an unpacked element map. A description of a hundred thousand parameters is below. */
export const mostBytes = 256 * 2 ** 20;
/** A number takes at most eight, written out at most this many. */
const bytesOfNumber = 32;

interface Kinds {
  readonly texts?: readonly string[];
  readonly numbers?: readonly string[];
  readonly blobs?: readonly string[];
}

function selection({ texts = [], numbers = [], blobs = [] }: Kinds): string {
  return [
    ...[...texts, ...blobs].map((name) => `iif(octet_length(${name}) > ${mostBytes}, 0, ${name}) AS ${name}`),
    ...numbers.map((name) => `iif(octet_length(${name}) > ${bytesOfNumber}, '', ${name}) AS ${name}`),
  ].join(", ");
}

/**
 * Columns as readers select them. What is longer than anything we write is not taken into memory but replaced by a value of a
 * wrong type, which `Columns` then refuses as damage: a file of holes may claim gigabytes for a single value.
 */
export const bounded = {
  run: selection({
    texts: [
      ...["id", "name", "experiment_file", "balancer", "status", "reason", "owner_started", "description", "result", "latest"],
      ...["git", "versions", "environment", "overrides", "title", "tags", "note"],
    ],
    numbers: ["seed", "owner_pid", "created_at", "started_at", "ended_at", "heartbeat_at", "step", "epoch", "starred", "archived"],
  }),
  series: selection({ texts: ["name"], numbers: ["id", "width", "points", "first_step", "last_step"] }),
  event: selection({ texts: ["kind", "message", "detail"], numbers: ["id", "step", "at"] }),
  snapshotInfo: selection({ texts: ["parameter"], numbers: ["id", "step", "epoch"] }),
  snapshot: selection({ texts: ["parameter"], numbers: ["id", "step", "epoch"], blobs: ["shares"] }),
  chunk: selection({ numbers: ["id", "start", "count", "first_step", "last_step"], blobs: ["steps", "data"] }),
  chunkSketch: selection({ numbers: ["id", "start", "count", "first_step", "last_step"], blobs: ["sketch"] }),
} as const;
