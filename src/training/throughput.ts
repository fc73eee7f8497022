import { series, type RunSpeed } from "../experiment/record.ts";
import type { Recorder } from "./recorder.ts";

/** Less than half a second says little about the speed. */
const shortestSpan = 500;

const mebibyte = 2 ** 20;

/** How fast the steps are, and how much of their time is spent getting batches; of the last while, and of the whole run. */
export class Throughput {
  #steps = 0;
  #rows = 0;
  #ms = 0;
  #waiting = 0;
  readonly #total = { rows: 0, ms: 0, waiting: 0 };

  /** A step with everything that is recorded of it took `ms`, of which it got its batches in `waiting`. */
  add(rows: number, ms: number, waiting: number): void {
    this.#steps += 1;
    this.#rows += rows;
    this.#ms += ms;
    this.#waiting += waiting;
    this.#total.rows += rows;
    this.#total.ms += ms;
    this.#total.waiting += waiting;
  }

  /** Records the last while and begins a new one, if it was long enough. */
  record(recorder: Recorder, step: number): void {
    if (this.#ms < shortestSpan) return;
    recorder.scalar(series.stepsPerSecond, step, (1000 * this.#steps) / this.#ms);
    recorder.scalar(series.system("rows-per-second"), step, (1000 * this.#rows) / this.#ms);
    recorder.scalar(series.system("data-wait"), step, this.#waiting / this.#ms);
    recorder.scalar(series.system("rss-mib"), step, process.memoryUsage.rss() / mebibyte);
    this.#steps = 0;
    this.#rows = 0;
    this.#ms = 0;
    this.#waiting = 0;
  }

  /** Of all steps of this process, and the most memory that it has held. */
  get speed(): RunSpeed {
    const { rows, ms, waiting } = this.#total;
    return {
      rowsPerSecond: ms === 0 ? 0 : (1000 * rows) / ms,
      waiting: ms === 0 ? 0 : waiting / ms,
      // The system counts in KiB.
      peakRssMiB: process.resourceUsage().maxRSS / 1024,
    };
  }
}
