/**
 * What one call of each method of the catalogue costs: `node test/bench/balancers.bench.ts [milliseconds per case] [methods …]`. Microseconds of
 * processor time for K = 2, 3, 10, 20 and 50 tasks; gradients have 100,000 elements where a method asks for them. JSON on stdout, a table
 * on stderr. The Gram matrices are those of Gaussian rows in 2 K dimensions whose lengths differ by factors of e^N(0, 1): many conflicts,
 * a few of them severe. The figure is that of the fastest half of the blocks; to hold: a method of the Gram matrix takes at most 1 ms with
 * 10 tasks and 20 ms with 50.
 */
import type { Balancer, Buffers, PreparedBalancer, StepInput } from "../../src/balancers/balancer.ts";
import { balancerCatalogue } from "../../src/balancers/catalogue.ts";
import { RandomStream } from "../../src/balancers/kernels/random-stream.ts";

const [budget = 60] = process.argv.slice(2).map(Number).filter(Number.isFinite);
const wanted = process.argv.slice(2).filter((argument) => balancerCatalogue.some(({ id }) => id === argument));
const sizes = [2, 3, 10, 20, 50];
const elements = 100_000;
/** Different inputs, taken in turn: a solver's work depends on what it is given. */
const variety = 8;
const limits = new Map([
  [10, 1000],
  [50, 20_000],
]);

interface Result {
  readonly method: string;
  readonly tasks: number;
  readonly microseconds: number;
  /** Whether that is within the figure to hold; null where none is set. */
  readonly holds: boolean | null;
}

const stream = RandomStream.seeded(1, "balancers");
const noise = Float64Array.from({ length: 2 * elements }, () => stream.normal());
const results: Result[] = [];
process.stderr.write(`${"µs per call, K =".padEnd(24)}${sizes.map((size) => String(size).padStart(10)).join("")}\n`);
for (const balancer of balancerCatalogue.filter(({ id }) => wanted.length === 0 || wanted.includes(id))) {
  process.stderr.write(balancer.id.padEnd(24));
  for (const tasks of sizes) {
    const microseconds = measure(balancer, tasks);
    const limit = balancer.family === "gram" ? limits.get(tasks) : undefined;
    const holds = limit === undefined ? null : microseconds <= limit;
    results.push({ method: balancer.id, tasks, microseconds, holds });
    process.stderr.write(`${microseconds.toFixed(1)}${holds === false ? "!" : ""}`.padStart(10));
  }
  process.stderr.write("\n");
}
process.stdout.write(`${JSON.stringify({ benchmark: "balancers", elements, results })}\n`);

function measure(balancer: Balancer, tasks: number): number {
  const names = Array.from({ length: tasks }, (_, i) => String(i));
  const prepared = balancer.prepare(
    {},
    {
      tasks,
      names,
      taskWeights: names.map(() => 1),
      kinds: names.map(() => "regression"),
      seed: 0,
      epochs: 10,
    },
  );
  const play = player(
    prepared,
    Array.from({ length: variety }, () => inputOf(balancer, tasks)),
  );
  const warm = performance.now() + budget / 3;
  do play();
  while (performance.now() < warm);
  const blocks: number[] = [];
  const end = performance.now() + budget;
  do blocks.push(timed(play));
  while (performance.now() < end);
  const fast = blocks.toSorted((a, b) => a - b).slice(0, Math.ceil(blocks.length / 2));
  return fast.reduce((sum, time) => sum + time, 0) / fast.length;
}

/** Processor microseconds of a call, over one round of all inputs. */
function timed(play: () => void): number {
  const before = process.threadCpuUsage();
  let calls = 0;
  for (; calls < variety || used(before) < 1000; calls++) play();
  return used(before) / calls;
}

function used(before: NodeJS.CpuUsage): number {
  const { user, system } = process.threadCpuUsage(before);
  return user + system;
}

/** One step a call, its state carried on, with everything that the trainer would ask of the method in it. */
function player(prepared: PreparedBalancer, inputs: readonly StepInput[]): () => void {
  let state = prepared.start();
  let buffers: Buffers = {};
  let step = 0;
  return () => {
    const input: StepInput = { ...(inputs[step % inputs.length] ?? { tasks: [], losses: [] }), step, epoch: 0, buffers };
    ({ state } = prepared.groups(input, state));
    const { only } = prepared.demand(input, state);
    const gradients = only === undefined ? input.gradients : input.gradients?.filter((_, task) => only.includes(task));
    const answer = prepared.weigh({ ...input, ...(gradients === undefined ? {} : { gradients }) }, state);
    state = answer.state;
    buffers = answer.buffers ?? buffers;
    const distances = prepared.look?.kind === "along-direction" ? prepared.look.offsets : [];
    const looks = prepared.look === undefined ? [] : (distances.length === 0 ? [0] : distances).map(() => input.losses);
    if (prepared.look !== undefined) state = prepared.learn({ ...input, looks, distances }, state);
    step++;
  };
}

function inputOf({ needs, draws, performance: asksPerformance }: Balancer, tasks: number): StepInput {
  const rows = Array.from({ length: tasks }, () => {
    const scale = Math.exp(stream.normal());
    return Array.from({ length: 2 * tasks }, () => scale * stream.normal());
  });
  const gram = rows.map((row) => rows.map((other) => row.reduce((sum, value, i) => sum + value * (other[i] ?? 0), 0)));
  return {
    tasks: rows.map((_, i) => i),
    step: 0,
    epoch: 0,
    losses: rows.map(() => 0.5 + stream.uniform()),
    norms: gram.map((row, i) => Math.sqrt(row[i] ?? 0)),
    gram,
    ...(draws === undefined ? {} : { crossGram: gram }),
    ...(asksPerformance === true ? { performance: rows.map(() => stream.uniform()) } : {}),
    // Windows of the same noise, so that fifty tasks do not take the memory of fifty.
    ...(needs === "gradients" ? { gradients: rows.map(() => noise.subarray(stream.below(elements)).subarray(0, elements)) } : {}),
  };
}
