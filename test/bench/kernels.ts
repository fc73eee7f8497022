/**
 * How long one training step of the example's network takes on the wasm backend: forward once, one backward walk a task,
 * no optimizer. `node test/bench/kernels.ts [seconds per case]` prints JSON; `--profile` adds the time in each kernel.
 */
import { getKernelsForBackend, losses, Tensor, type Variable, oneHot, randomUniform, tensor1d, memory } from "@tensorflow/tfjs-core";
import { input, layers, model as layersModel, SymbolicTensor } from "@tensorflow/tfjs-layers";
import { startBackend } from "../../src/training/backend/backend.ts";
import { BackwardPass } from "../../src/training/gradients/backward-pass.ts";
import { Tape } from "../../src/training/gradients/tape.ts";
import { inTensorScope } from "../../src/training/tensor-scope.ts";

const seconds = Number(process.argv.find((argument) => /^[\d.]+$/.test(argument)) ?? 2);
const profile = process.argv.includes("--profile");

/** LeNet as in the Multi-MNIST example: two convolutions, one shared dense layer, two heads. */
function leNet() {
  const image = input({ shape: [28, 28, 1] });
  const trunk = [
    layers.conv2d({ filters: 10, kernelSize: 5, activation: "relu" }),
    layers.maxPooling2d({ poolSize: 2 }),
    layers.conv2d({ filters: 20, kernelSize: 5, activation: "relu" }),
    layers.maxPooling2d({ poolSize: 2 }),
    layers.flatten(),
    layers.dense({ units: 50, activation: "relu" }),
  ].reduce<SymbolicTensor>((x, layer) => symbolic(layer.apply(x)), image);
  const head = () => symbolic(layers.dense({ units: 10 }).apply(symbolic(layers.dense({ units: 50, activation: "relu" }).apply(trunk))));
  const network = layersModel({ inputs: image, outputs: [head(), head()] });
  const variables = network.trainableWeights.map((weight) => weight.read()).filter((value): value is Variable => "assign" in value);
  return { network, variables };
}

function symbolic(value: unknown): SymbolicTensor {
  if (value instanceof SymbolicTensor) return value;
  throw new TypeError("A layer of this network has one output.");
}

function tensor(value: unknown): Tensor {
  if (value instanceof Tensor) return value as Tensor;
  throw new TypeError("Expected a tensor.");
}

function step({ network, variables }: ReturnType<typeof leNet>, x: Tensor, y: readonly Tensor[]): void {
  const { tape, value } = Tape.record(variables, () => {
    const outputs = network.apply(x, { training: true });
    if (!Array.isArray(outputs)) throw new TypeError("two heads, two outputs");
    return outputs.map((output, task) => tensor(losses.softmaxCrossEntropy(tensor(y[task]), tensor(output))));
  });
  try {
    inTensorScope(() => {
      const pass = BackwardPass.from(tape, value);
      value.forEach((_, position) => pass.alone(position));
    });
  } finally {
    tape.dispose();
    for (const loss of value) loss.dispose();
  }
}

/** Wraps every kernel with a clock; answers milliseconds and calls by kernel since the last question. */
function clockKernels(): () => Record<string, { ms: number; calls: number }> {
  let spent: Record<string, { ms: number; calls: number }> = {};
  for (const kernel of getKernelsForBackend("wasm")) {
    const run = kernel.kernelFunc;
    kernel.kernelFunc = (parameters) => {
      const start = performance.now();
      const result = run(parameters);
      const entry = (spent[kernel.kernelName] ??= { ms: 0, calls: 0 });
      entry.ms += performance.now() - start;
      entry.calls++;
      return result;
    };
  }
  return () => {
    const answer = spent;
    spent = {};
    return answer;
  };
}

const backend = await startBackend("wasm");
const kernelTimes = profile ? clockKernels() : undefined;
const results = [];
for (const batch of [64, 128, 256]) {
  const net = leNet();
  const x = randomUniform([batch, 28, 28, 1], 0, 1, "float32");
  const labels = [3, 7].map((factor) =>
    oneHot(
      tensor1d(
        Array.from({ length: batch }, (_, i) => (i * factor) % 10),
        "int32",
      ),
      10,
      1,
      0,
      "float32",
    ),
  );
  for (let i = 0; i < 3; i++) step(net, x, labels);
  kernelTimes?.();
  const tensors = memory().numTensors;
  const times: number[] = [];
  const usedBefore = process.cpuUsage();
  const end = performance.now() + seconds * 1000;
  while (performance.now() < end || times.length < 3) {
    const start = performance.now();
    step(net, x, labels);
    times.push(performance.now() - start);
  }
  const used = process.cpuUsage(usedBefore);
  times.sort((a, b) => a - b);
  const spent = Object.entries(kernelTimes?.() ?? {}).sort(([, a], [, b]) => b.ms - a.ms);
  results.push({
    network: "lenet 28x28, 2 heads",
    batch,
    msPerStep: Number((times[times.length >> 1] ?? NaN).toFixed(2)),
    msFastestStep: Number((times[0] ?? NaN).toFixed(2)),
    // On a busy machine the one figure that holds.
    cpuMsPerStep: Number(((used.user + used.system) / 1000 / times.length).toFixed(2)),
    steps: times.length,
    leakedTensors: memory().numTensors - tensors,
    ...(profile
      ? {
          kernels: Object.fromEntries(
            spent
              .slice(0, 14)
              .map(([name, { ms, calls }]) => [name, `${(ms / times.length).toFixed(2)} ms, ${calls / times.length} calls`]),
          ),
        }
      : {}),
  });
}
process.stdout.write(`${JSON.stringify({ bench: "kernels", backend: backend.name, results }, undefined, 1)}\n`);
