/**
 * How long the check of an experiment file of 200 lines takes after a keystroke, sound and broken, and completion and hover in
 * it. `node test/bench/check.ts` prints JSON. The figure to hold: 20 ms.
 */
import { completionsAt } from "../../src/experiment/completion.ts";
import { hoverAt } from "../../src/experiment/hover.ts";
import { parseExperiment } from "../../src/experiment/parse.ts";

const sound = `name: long
data:
  file: table.csv
  inputs:
${Array.from({ length: 80 }, (_, i) => `    - column ${i}`).join("\n")}
tasks:
${Array.from({ length: 20 }, (_, i) => `  task${i}: {column: label ${i}, kind: ${i % 2 === 0 ? "classification" : "regression"}}`).join("\n")}
model:
  trunk:
${Array.from({ length: 20 }, (_, i) => `    - dense: {units: ${i + 8}, activation: relu, name: trunk${i}} # shared`).join("\n")}
  heads:
${Array.from({ length: 20 }, (_, i) => `    task${i}:\n      - dense:\n          units: 16`).join("\n")}
balancer: {method: mgda, normalize: l2}
optimizer: {adam: {learningRate: 1e-3}}
training: {epochs: 50, batchSize: 32, seed: 0}
`;
const broken = sound.replaceAll("units", "unit").replaceAll("activation", "activaton").replace("mgda", "mdga");
const middle = sound.indexOf("activation: relu") + 3;

/** Median time of one call and, the figure that holds on a busy machine, mean processor time; in milliseconds. */
function timed(call: () => unknown): { median: number; cpu: number } {
  for (let i = 0; i < 20; i++) call();
  const before = process.cpuUsage();
  const times = Array.from({ length: 100 }, () => {
    const began = performance.now();
    call();
    return performance.now() - began;
  }).sort((a, b) => a - b);
  const { user, system } = process.cpuUsage(before);
  const rounded = (ms: number) => Number(ms.toFixed(2));
  return { median: rounded(times[50] ?? NaN), cpu: rounded((user + system) / 1000 / times.length) };
}

const firstBegan = performance.now();
parseExperiment(sound);
const first = Number((performance.now() - firstBegan).toFixed(2));

const results = {
  lines: sound.split("\n").length,
  first,
  sound: timed(() => parseExperiment(sound)),
  broken: timed(() => parseExperiment(broken)),
  completion: timed(() => completionsAt(sound, middle)),
  hover: timed(() => hoverAt(sound, middle)),
};
console.log(JSON.stringify({ bench: "check", unit: "ms", ...results }));
