import { getBackend, matMul, mul, relu, sub, sum, tensor, variable, type Tensor } from "@tensorflow/tfjs-core";
import type { StepCompilation } from "../../experiment/record.ts";
import { RandomStream } from "../../balancers/kernels/random-stream.ts";
import type { Batch } from "../batches.ts";
import type { MultiTaskModel } from "../model/model.ts";
import { inTensorScope } from "../tensor-scope.ts";
import { openPasses } from "./open-passes.ts";

const rows = 4;
const passesMade = 3;

/** Has a tiny network of two tasks recorded, compared with the plain step, and run, as a training would. */
export function tryCompiling(): StepCompilation {
  return inTensorScope(() => {
    const model = tinyNetwork();
    const passes = openPasses(
      {
        model,
        variables: model.parameters.map((parameter) => parameter.variable),
        losses: [squares, squares],
        noise: RandomStream.seeded(0, "trial"),
        batchSize: rows,
      },
      true,
    );
    try {
      if (passes.recordings === undefined) return { works: false, reason: `the ${nameOf(getBackend())} backend does not compile` };
      for (let made = 0; made < passesMade; made++) {
        const pass = passes.forward(tinyBatch(), { kind: "trial" });
        pass.back([0, 1]).summed([1, 1]);
        pass.dispose();
      }
      const { refusal, distrusted } = passes.save();
      if (refusal !== null) return { works: false, reason: refusal };
      const isBelieved = passes.recordings.list().length > 0 && distrusted.length === 0;
      return isBelieved ? { works: true } : { works: false, reason: "what the compiled step computes is not what the plain one does" };
    } finally {
      passes.dispose();
      model.dispose();
    }
  });
}

function nameOf(backend: string): string {
  return backend === "tensorflow" ? "native" : backend;
}

/** A layer of three units behind two inputs, and a number for each of two tasks. */
function tinyNetwork(): MultiTaskModel {
  const trunk = variable(tensor([0.3, -0.2, 0.5, 0.1, 0.4, -0.6], [2, 3]));
  const heads = [
    [0.2, -0.1, 0.7],
    [-0.5, 0.3, 0.6],
  ].map((weights) => variable(tensor(weights, [3, 1])));
  const variables = [trunk, ...heads];
  return {
    parameters: variables.map((each, index) => {
      const layer = index === 0 ? "trunk" : `head${String(index)}`;
      return { name: `${layer}.kernel`, layer, weight: "kernel", variable: each, declared: { part: "undeclared" } };
    }),
    statistics: [],
    forward: ([input]) => {
      if (input === undefined) throw new TypeError("The trial has one input.");
      const hidden = relu(matMul(input, trunk));
      return heads.map((head) => matMul(hidden, head));
    },
    freeze: () => undefined,
    dispose: () => {
      for (const each of variables) each.dispose();
    },
  };
}

function tinyBatch(): Batch {
  const target = (values: readonly number[]): Batch["targets"][number] => ({
    target: tensor([...values], [rows, 1]),
    rowWeight: tensor(
      values.map(() => 1 / rows),
      [rows, 1],
    ),
    labelled: rows,
    truth: Float32Array.from(values),
    present: new Uint8Array(rows).fill(1),
  });
  return {
    rows,
    inputs: [tensor([1, 2, -1, 0.5, 0.3, 1, 2, -2], [rows, 2])],
    targets: [target([1, 0, -1, 2]), target([0, 1, 1, -1])],
  };
}

function squares(output: Tensor, target: Tensor, rowWeight: Tensor): Tensor {
  const difference = sub(output, target);
  return sum(mul(mul(difference, difference), rowWeight));
}
