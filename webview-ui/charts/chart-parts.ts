import { Chart, LinearScale, LineController, LineElement, LogarithmicScale, PointElement } from "chart.js";

// Only what line charts need; the rest of the library stays out of the bundle.
Chart.register(LineController, LineElement, PointElement, LinearScale, LogarithmicScale);

/** A point of a chart: x in the axis' unit; y not finite for a gap. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

export type LineChartInstance = Chart<"line", Point[]>;

export { Chart };
