/**
 * Whether a long training keeps to its memory: `npm run soak -- --backend native|wasm --steps 10000 [--threads 1]`. JSON on stdout, a table on stderr.
 * Ends with 1 when the number of tensors after a step is not always the same, or the memory of the process has grown by more than a tenth
 * after the first tenth of the steps. `npm run soak` has V8 collect early:
 * left to itself, it lets dead objects add up to 100 MB and more before it does.
 */
import { parseArgs } from "node:util";
import { reportOf, soak, type SoakReport } from "./soak/soak.ts";

const { values } = parseArgs({
  options: {
    backend: { type: "string", default: "wasm" },
    steps: { type: "string", default: "10000" },
    threads: { type: "string", default: "1" },
  },
});
const { backend } = values;
if (backend !== "wasm" && backend !== "native") throw new Error(`--backend ${backend}: choose wasm or native.`);
const [steps, threads] = [Number(values.steps), Number(values.threads)];
if (!(steps >= 100)) throw new Error(`--steps ${values.steps}: at least 100, so that there is something to compare.`);

const start = performance.now();
const report = reportOf(await soak(backend, steps, threads));
const seconds = (performance.now() - start) / 1000;
const isConstant = report.tensors[0] === report.tensors[1] && report.buffers[0] === report.buffers[1];
const keeps = isConstant && report.growthPercent <= 10;
process.stderr.write(tableOf(report));
process.stderr.write(`${keeps ? "Keeps to its memory." : "DOES NOT keep to its memory."}\n`);
process.stdout.write(`${JSON.stringify({ soak: backend, threads, seconds: Math.round(seconds), ...report, keeps })}\n`);
if (!keeps) process.exitCode = 1;

function tableOf({ steps: done, tensors, buffers, rssMiB, externalMiB, liveMiB, growthPercent, peakMiB }: SoakReport): string {
  const rows = [
    ["backend", `${backend}, ${threads} thread${threads === 1 ? "" : "s"}`],
    ["steps", `${done} in ${seconds.toFixed(0)} s`],
    ["tensors", tensors.join(" to ")],
    ["buffers", buffers.join(" to ")],
    ["V8's heap", `${arrow(liveMiB)} MiB live, ${arrow(externalMiB)} MiB outside of it`],
    ["RSS, MiB", `${arrow(rssMiB)} (${growthPercent.toFixed(1)} %), at most ${peakMiB.toFixed(0)}`],
  ];
  return rows.map(([name = "", value = ""]) => `${name.padEnd(10)} ${value}\n`).join("");
}

function arrow(values: readonly number[]): string {
  return values.map((each) => each.toFixed(0)).join(" → ");
}
