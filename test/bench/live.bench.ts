/**
 * Time from a recorded point being on disk to its being drawn in the visible dashboard, in a real browser, while the digits train:
 * `node test/bench/live.bench.ts [seconds]`. JSON on stdout, a table on stderr. The figure to hold: 500 ms at the 95th percentile.
 */
import { liveLatency } from "../e2e/live-latency.ts";
import { examplesForLong, longExperiment } from "../e2e/long-run.ts";
import { openSession } from "../e2e/session.ts";

const seconds = Number(process.argv[2] ?? 30);

// The workbench tells of itself on stdout, where only JSON belongs.
const print = console.log.bind(console);
console.log = console.error;
const session = await openSession({ fill: examplesForLong });
try {
  await session.openFile(longExperiment);
  await session.command("Taskscope: Run Experiment");
  const dashboard = session.dashboard();
  await dashboard.getByRole("tab", { name: "Curves" }).click();
  await dashboard.locator("figure.chart canvas[data-drawn-through]").first().waitFor();
  const latency = await liveLatency(session, seconds);
  console.error(
    `recorded → drawn: ${latency.median} ms (median), ${latency.p95} ms (95th percentile), ${latency.most} ms (most) of ${latency.samples} samples`,
  );
  print(JSON.stringify({ benchmark: "live", unit: "ms", ...latency }));
} finally {
  await session.close();
}
