/**
 * Steps per second of the engine alone on the problems of multi-task libraries: `npm run bench -- engine`, or `node test/bench/engine.bench.ts`, with
 *
 *   --problems A,B,C --methods equal,mgda --backends native,wasm --threads 1,2   of all cases those alone
 *   --seconds 4          that each case is timed
 *   --plain              without the compiled step
 *   --track 10           with dominance measured in every tenth step
 *   --peers PYTHON       the same problems in PyTorch, TorchJD and (`--libmtl FOLDER`) LibMTL: test/bench/peers/README.md
 *   --rounds 2           with peers: ours, theirs, ours, theirs
 *   --save FILE          all lines in one file, as `npm run docs` makes docs/performance.md of
 *
 * Each case has a process of its own and prints a JSON line as soon as it is measured; with peers, lines with `ratio` follow, and a table on stderr.
 * A step is a batch, forward, backward, balancing and Adam; what a run records of each step goes nowhere.
 */
import { numberOption, option } from "./command-line.ts";
import { caseName, casesOf, parseCase, type Case } from "./engine/case.ts";
import { machine } from "./engine/machine.ts";
import { peersAt } from "./engine/peers.ts";
import { problems } from "./engine/problems.ts";
import { ratioTable, ratios } from "./engine/ratios.ts";
import { lineOf, linesOfProcess, type CaseLine } from "./engine/worker.ts";
import { grouped } from "./grouped.ts";
import { save } from "./saved.ts";

const argv = process.argv.slice(2);
const seconds = numberOption(argv, "seconds", 4);
const compile = !argv.includes("--plain");
const track = numberOption(argv, "track", 1_000_000);
const worker = option(argv, "worker");
if (worker === undefined) measureAll();
else {
  const { problem, method, backend, threads } = parseCase(worker);
  const measurement = { problem: problems[problem], method, backend, seconds, warmUpSeconds: 2, compile, track };
  tell(await lineOf({ problem, threads, method }, measurement));
}

function measureAll(): void {
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
      for (const each of cases) ourLines(each).forEach(add);
      const [first] = cases;
      if (peers !== undefined && first !== undefined) peers.measure(first, seconds).forEach(add);
    }
  }
  const compared = ratios(lines);
  compared.forEach(tell);
  if (compared.length > 0) process.stderr.write(`\n${ratioTable(compared)}\n`);
  const file = option(argv, "save");
  if (file === undefined) return;
  save(file, { benchmark: "engine", at: new Date().toISOString(), machine: about, seconds, rounds }, lines);
}

function ourLines(each: Case): readonly CaseLine[] {
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
