import { startTime } from "../../src/analysis/start-time.ts";
import type { RunSummary } from "../../src/runs/contract.ts";
import { say } from "../strings.ts";

/** The runs as the list names them: by title or balancer, start as in the tree, and the seed where the runs differ in it. */
export function runLabels(runs: readonly RunSummary[], now: number): readonly string[] {
  const seeded = new Set(runs.map(({ seed }) => seed)).size > 1;
  return runs.map(({ user, balancer, createdAt, seed }) =>
    [user.title ?? balancer, startTime(createdAt, now), ...(seeded ? [say("seed", seed)] : [])].join(" · "),
  );
}
