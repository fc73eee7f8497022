/**
 * How the time of a step grows with the number of tasks (2 to 50) and of parameters (10⁴ to 10⁷): `npm run bench -- growth`, or
 * `node test/bench/growth.bench.ts`; `--help` tells the options.
 *
 * One thread, batch 256. A JSON line for each case, then one with `growth` for each series: by what the time grew between neighbours, and whether that
 * was worse than linear.
 */
import { asProgram, listOption, numberOption, option, type Options } from "./command-line.ts";
import { parseCase } from "./engine/case.ts";
import { machine } from "./engine/machine.ts";
import { lineOf, linesOfProcess } from "./engine/worker.ts";
import { seriesIn, type GrowthLine } from "./growth/series.ts";
import { parseSize, problemOf, sizeName, sizes } from "./growth/sizes.ts";
import { save } from "./saved.ts";

const options: Options = {
  sizes: { value: "tasks:2,parameters:10000", text: "of all cases those alone" },
  methods: { value: "equal,mgda", text: "the same" },
  backends: { value: "native,wasm", text: "the same" },
  seconds: { value: "3", text: "that each case is timed" },
  rounds: {
    value: "2",
    text: "the series is gone through so often; a size's time is that of its fastest round, which other programs disturbed least",
  },
  save: { value: "FILE", text: "all lines in one file, as `npm run docs` draws docs/performance.md from" },
  worker: { value: "tasks:2/equal:native:1", text: "one case, in this process" },
};

const argv = process.argv.slice(2);
await asProgram(options, argv, async () => {
  const seconds = numberOption(argv, "seconds", 3);
  const worker = option(argv, "worker");
  if (worker === undefined) return measureAll(seconds);
  const [size = "", rest = ""] = worker.split("/");
  const { method, backend, threads } = parseCase(`A:${rest}`);
  const problem = problemOf(parseSize(size));
  tell(await lineOf({ problem: size, threads, method }, { problem, method, backend, seconds, warmUpSeconds: 1, compile: true }));
});

function measureAll(seconds: number): void {
  const about = machine();
  const rounds = numberOption(argv, "rounds", 1);
  const lines: GrowthLine[] = [];
  const asked = listOption(argv, "sizes", sizes.map(sizeName)).map(parseSize);
  const [methods, backends] = [listOption(argv, "methods", ["equal", "mgda"]), listOption(argv, "backends", ["native", "wasm"])];
  const series = backends.flatMap((backend) => methods.map((method) => `${method}:${backend}:1`));
  for (const each of series) parseCase(`A:${each}`);
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
