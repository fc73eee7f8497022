/**
 * How the time of a step grows with the number of tasks (2 to 50) and of parameters (10⁴ to 10⁷): `npm run bench -- growth`, or
 * `node test/bench/growth.bench.ts`, with
 *
 *   --sizes tasks:2,parameters:10000 --methods equal,mgda --backends native,wasm   of all cases those alone
 *   --seconds 3          that each case is timed
 *   --rounds 2           the series is gone through so often; a size's time is that of its fastest round, which other programs disturbed least
 *   --save FILE          all lines in one file, as `npm run docs` draws docs/performance.md from
 *
 * One thread, batch 256. A JSON line for each case, then one with `growth` for each series: by what the time grew between neighbours, and whether that
 * was worse than linear.
 */
import { listOption, numberOption, option } from "./command-line.ts";
import { parseCase } from "./engine/case.ts";
import { machine } from "./engine/machine.ts";
import { lineOf, linesOfProcess } from "./engine/worker.ts";
import { seriesIn, type GrowthLine } from "./growth/series.ts";
import { parseSize, problemOf, sizeName, sizes } from "./growth/sizes.ts";
import { save } from "./saved.ts";

const argv = process.argv.slice(2);
const seconds = numberOption(argv, "seconds", 3);
const worker = option(argv, "worker");
if (worker === undefined) measureAll();
else {
  const [size = "", rest = ""] = worker.split("/");
  const { method, backend, threads } = parseCase(`A:${rest}`);
  const problem = problemOf(parseSize(size));
  tell(await lineOf({ problem: size, threads, method }, { problem, method, backend, seconds, warmUpSeconds: 1, compile: true }));
}

function measureAll(): void {
  const about = machine();
  const rounds = numberOption(argv, "rounds", 1);
  const lines: GrowthLine[] = [];
  const asked = listOption(argv, "sizes", sizes.map(sizeName)).map(parseSize);
  const [methods, backends] = [listOption(argv, "methods", ["equal", "mgda"]), listOption(argv, "backends", ["native", "wasm"])];
  const series = backends.flatMap((backend) => methods.map((method) => `${method}:${backend}:1`));
  const cases = series.flatMap((rest) => asked.map((size) => ({ size, name: `${sizeName(size)}/${rest}` })));
  for (const { size, name } of Array.from({ length: rounds }, () => cases).flat()) {
    const args = [...process.execArgv, import.meta.filename, "--worker", name, "--seconds", String(seconds)];
    for (const line of linesOfProcess(process.execPath, args)) {
      lines.push({ ...size, ...line });
      tell({ ...size, ...line });
    }
  }
  for (const { axis, engine, method, growth } of seriesIn(lines)) tell({ axis, engine, method, growth });
  const file = option(argv, "save");
  if (file === undefined) return;
  save(file, { benchmark: "growth", at: new Date().toISOString(), machine: about, seconds, rounds }, lines);
}

function tell(line: unknown): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
