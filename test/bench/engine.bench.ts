/**
 * Steps per second of the engine alone on the problems of multi-task libraries: `npm run bench -- engine`, or `node test/bench/engine.bench.ts`;
 * `--help` tells the options.
 *
 * Each case has a process of its own and prints a JSON line as soon as it is measured; with peers, lines with `ratio` follow, and a table on stderr.
 * A step is a batch, forward, backward, balancing and Adam; what a run records of each step goes nowhere.
 */
import { asProgram, numberOption, option, type Options } from "./command-line.ts";
import { caseName, casesOf, parseCase, type Case } from "./engine/case.ts";
import { machine } from "./engine/machine.ts";
import { peersAt } from "./engine/peers.ts";
import { problems } from "./engine/problems.ts";
import { ratioTable, ratios } from "./engine/ratios.ts";
import { lineOf, linesOfProcess, type CaseLine } from "./engine/worker.ts";
import { grouped } from "../../src/training/explain/grouped.ts";
import { save } from "./saved.ts";

const options: Options = {
  problems: { value: "A,B,C", text: "of all cases those alone" },
  methods: { value: "equal,mgda", text: "the same" },
  backends: { value: "native,wasm", text: "the same" },
  threads: { value: "1,2", text: "the same" },
  seconds: { value: "4", text: "that each case is timed" },
  plain: { text: "without the compiled step" },
  track: { value: "10", text: "with dominance measured in every tenth step" },
  peers: { value: "PYTHON", text: "the same problems in PyTorch and TorchJD: test/bench/peers/README.md" },
  libmtl: { value: "FOLDER", text: "and in LibMTL, of which this is a checkout" },
  rounds: { value: "2", text: "with peers: ours, theirs, ours, theirs" },
  save: { value: "FILE", text: "all lines in one file, as `npm run docs` makes docs/performance.md of" },
  worker: { value: "A:mgda:native:1", text: "one case, in this process" },
};

const argv = process.argv.slice(2);
const compile = !argv.includes("--plain");
await asProgram(options, argv, async () => {
  const [seconds, track] = [numberOption(argv, "seconds", 4), numberOption(argv, "track", 1_000_000)];
  const worker = option(argv, "worker");
  if (worker === undefined) return measureAll({ seconds, track });
  const { problem, method, backend, threads } = parseCase(worker);
  const measurement = { problem: problems[problem], method, backend, seconds, warmUpSeconds: 2, compile, track };
  tell(await lineOf({ problem, threads, method }, measurement));
});

interface Timing {
  readonly seconds: number;
  readonly track: number;
}

function measureAll(timing: Timing): void {
  const python = option(argv, "peers");
  const peers = python === undefined ? undefined : peersAt(python, option(argv, "libmtl"));
  const about = { ...machine(), ...(peers === undefined ? {} : { peers: peers.versions }) };
  const rounds = peers === undefined ? 1 : numberOption(argv, "rounds", 2);
  const lines: CaseLine[] = [];
  const add = (line: CaseLine): void => {
    lines.push(line);
    tell(line);
  };
  for (const cases of comparable(casesOf(argv))) {
    for (let round = 0; round < rounds; round++) {
      for (const each of cases) ourLines(each, timing).forEach(add);
      const [first] = cases;
      if (peers !== undefined && first !== undefined) peers.measure(first, timing.seconds).forEach(add);
    }
  }
  const compared = ratios(lines);
  compared.forEach(tell);
  if (compared.length > 0) process.stderr.write(`\n${ratioTable(compared)}\n`);
  const file = option(argv, "save");
  if (file === undefined) return;
  save(file, { benchmark: "engine", at: new Date().toISOString(), machine: about, seconds: timing.seconds, rounds }, lines);
}

function ourLines(each: Case, { seconds, track }: Timing): readonly CaseLine[] {
  const args = ["--worker", caseName(each), "--seconds", String(seconds), "--track", String(track), ...(compile ? [] : ["--plain"])];
  return linesOfProcess(process.execPath, [...process.execArgv, import.meta.filename, ...args]);
}

/** Cases that differ in their backend alone are measured next to each other, and next to the peers. */
function comparable(cases: readonly Case[]): readonly (readonly Case[])[] {
  return [...grouped(cases, ({ problem, method, threads }) => [problem, method, threads].join(":")).values()];
}

function tell(line: unknown): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
