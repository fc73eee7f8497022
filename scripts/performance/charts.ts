import { seriesIn } from "../../test/bench/growth/series.ts";
import { logChart } from "./log-chart.ts";
import type { Measurements } from "./measurements.ts";

/** The pictures of `docs/performance.md` by file name. */
export function charts({ growth }: Measurements): Readonly<Record<string, string>> {
  if (growth === undefined) return {};
  const series = seriesIn(growth.results);
  const about = {
    tasks: { title: "Steps per second by number of tasks", xLabel: "tasks (trunk 64-256-256, batch 256, one thread)" },
    parameters: {
      title: "Steps per second by number of parameters",
      xLabel: "parameters (trunk of two layers, 3 tasks, batch 256, one thread)",
    },
  };
  const drawn = (["tasks", "parameters"] as const).flatMap((axis) => {
    const lines = series
      .filter((each) => each.axis === axis)
      .map(({ engine, method, points }) => ({
        name: `${engine.replace("taskscope ", "")}, ${method}`,
        points: points.map(({ size, secondsPerStep }) => ({ x: size, y: 1 / secondsPerStep })),
      }));
    return lines.length === 0 ? [] : [[`growth-${axis}.svg`, logChart({ ...about[axis], yLabel: "steps per second", lines })] as const];
  });
  return Object.fromEntries(drawn);
}
