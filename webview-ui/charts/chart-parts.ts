import { Chart, LinearScale, LineController, LineElement, LogarithmicScale, PointElement } from "chart.js";
import type { Point } from "./model.ts";

// Only what line charts need; the rest of the library stays out of the bundle.
Chart.register(LineController, LineElement, PointElement, LinearScale, LogarithmicScale);

export type LineChartInstance = Chart<"line", Point[]>;

export { Chart };
