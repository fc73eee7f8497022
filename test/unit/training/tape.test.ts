import {
  add,
  conv2d,
  dispose,
  grad,
  matMul,
  maxPool,
  memory,
  mul,
  relu,
  reshape,
  scalar,
  square,
  sum,
  tensor,
  tidy,
  variable,
  variableGrads,
  type Scalar,
  type Tensor,
  type Rank,
  type Variable,
} from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import { startBackend } from "../../../src/training/backend/backend.ts";
import { Tape } from "../../../src/training/gradients/tape.ts";
import { RandomStreams } from "../../../src/training/random-streams.ts";

const stream = new RandomStreams(3).get("tape");

function noise(shape: readonly number[]): Tensor {
  const size = shape.reduce((product, length) => product * length, 1);
  return tensor(
    Float32Array.from({ length: size }, () => 0.3 * stream.normal()),
    [...shape],
  );
}

interface Network {
  readonly variables: readonly Variable[];
  losses(): Scalar[];
  dispose(): void;
}

/** A small convolutional network with a trunk of two layers and three heads; the third head sees the first layer only. */
function network(): Network {
  const [kernel, dense, h1, h2, h3] = [
    [3, 3, 1, 4],
    [64, 8],
    [8, 1],
    [8, 1],
    [256, 1],
  ].map((shape) => variable(noise(shape)));
  const input = noise([5, 8, 8, 1]);
  if (kernel === undefined || dense === undefined || h1 === undefined || h2 === undefined || h3 === undefined)
    throw new Error("unreachable");
  return {
    variables: [kernel, dense, h1, h2, h3],
    losses() {
      const features = relu(conv2d(reshape<Rank.R4>(input, [5, 8, 8, 1]), reshape<Rank.R4>(kernel, [3, 3, 1, 4]), 1, "same"));
      const trunk = relu(matMul(reshape(maxPool(features, 2, 2, "same"), [5, 64]), reshape(dense, [64, 8])));
      return [
        sum(square(matMul(trunk, reshape(h1, [8, 1])))),
        sum(matMul(trunk, reshape(h2, [8, 1]))),
        sum(square(matMul(reshape(features, [5, 256]), reshape(h3, [256, 1])))),
      ];
    },
    dispose() {
      dispose([input, kernel, dense, h1, h2, h3]);
    },
  };
}

/** The values of a gradient map, by position of the variable. */
function values(gradients: ReadonlyMap<number, Tensor>, variables: readonly Variable[]): (readonly number[] | undefined)[] {
  return variables.map(({ id }) => {
    const gradient = gradients.get(id);
    return gradient === undefined ? undefined : [...gradient.dataSync()];
  });
}

function naive(variables: readonly Variable[], loss: () => Scalar): (readonly number[] | undefined)[] {
  return tidy(() => {
    const { grads } = variableGrads(loss, [...variables]);
    return { wrapped: variables.map(({ name }) => (grads[name] === undefined ? [] : [...grads[name].dataSync()])) };
  }).wrapped.map((numbers) => (numbers.length === 0 ? undefined : numbers));
}

describe("a recorded forward pass", () => {
  beforeAll(async () => {
    await startBackend("wasm");
  });

  test("gives for each loss the gradients of one variableGrads each, bit for bit", () => {
    const net = network();
    const expected = [0, 1, 2].map((task) => naive(net.variables, () => net.losses()[task] ?? scalar(0)));
    const { tape, value } = Tape.record(net.variables, () => net.losses());
    const walked = value.map((loss) => values(tape.walk(loss), net.variables));
    tape.dispose();
    expect(walked).toEqual(expected);
    expect(tape.walks).toBe(3);
    net.dispose();
  });

  test("gives the weighted sum's gradients in one walk, bit for bit", () => {
    const net = network();
    const weights = [0.7, 2.5, 0.1];
    const expected = naive(net.variables, () => {
      const [a = scalar(0), b = scalar(0), c = scalar(0)] = net.losses().map((loss, task): Scalar => mul(loss, weights[task] ?? 0));
      return add(add(a, b), c);
    });
    const { tape, value } = Tape.record(net.variables, () => net.losses());
    const seeds = value.map((loss, task) => ({ loss, weight: weights[task] ?? 0 }));
    const walked = values(tape.walkSum(seeds, false), net.variables);
    tape.dispose();
    expect(walked).toEqual(expected);
    expect(tape.walks).toBe(1);
    net.dispose();
  });

  test("leaves heads unweighted when asked, in the same single walk", () => {
    const net = network();
    const weights = [0.5, 4, 0];
    const { tape, value } = Tape.record(net.variables, () => net.losses());
    const seeds = value.map((loss, task) => ({ loss, weight: weights[task] ?? 0 }));
    const weighted = values(tape.walkSum(seeds, false), net.variables);
    const own = values(tape.walkSum(seeds, true), net.variables);
    const alone = value.map((loss) => values(tape.walk(loss), net.variables));
    tape.dispose();
    // Weights that are powers of two are exact wherever they are multiplied in.
    expect(own.slice(0, 2)).toEqual(weighted.slice(0, 2));
    expect(own.slice(2)).toEqual([alone[0]?.[2], alone[1]?.[3], alone[2]?.[4]]);
    net.dispose();
  });

  test("leaves no tensor behind, also when the forward pass fails", () => {
    const net = network();
    const before = memory().numTensors;
    tidy(() => {
      const { tape, value } = Tape.record(net.variables, () => net.losses());
      for (const loss of value) tape.walk(loss);
      tape.dispose();
    });
    expect(memory().numTensors).toBe(before);
    expect(() =>
      Tape.record(net.variables, () => {
        net.losses();
        throw new RangeError("no");
      }),
    ).toThrow(RangeError);
    expect(memory().numTensors).toBe(before);
    net.dispose();
  });

  test("tells which variables a loss depends on", () => {
    const net = network();
    const { tape, value } = Tape.record(net.variables, () => net.losses());
    const reached = value.map((loss) => net.variables.map(({ id }) => tape.reached(loss).has(id)));
    tape.dispose();
    expect(reached).toEqual([
      [true, true, true, false, false],
      [true, true, false, true, false],
      [true, false, false, false, true],
    ]);
    net.dispose();
  });
});

test("the representation's gradients are those of what the heads take in, found without walking the trunk", () => {
  const [trunk, h1, h2] = [variable(noise([4, 5])), variable(noise([5, 1])), variable(noise([5, 3]))];
  const input = noise([6, 4]);
  const headLosses = [(z: Tensor) => sum(square(matMul(z, h1))), (z: Tensor) => sum(relu(matMul(z, h2)))] as const;
  const { tape, value } = Tape.record([trunk, h1, h2], () => {
    const z = relu(matMul(input, trunk));
    return headLosses.map((loss) => loss(z));
  });
  const expected = tidy(() => {
    const z = relu(matMul(input, trunk));
    return headLosses.map((loss) => [...grad(loss)(z).dataSync<"float32">()]);
  });
  expect(tape.representation(value).map((row) => row.map((block) => [...(block ?? [])]))).toEqual(expected.map((block) => [block]));
  expect(tape.walks).toBe(0);
  tape.dispose();
  dispose([trunk, h1, h2, input, ...value]);
});

test("a narrowed tape gives the same gradients, of its variables alone", () => {
  const net = network();
  const { tape, value } = Tape.record(net.variables, () => net.losses());
  const [, dense] = net.variables;
  const [loss] = value;
  if (dense === undefined || loss === undefined) throw new Error("unreachable");
  const whole = tape.walk(loss);
  const narrow = tape.narrowed([dense]).walk(loss);
  expect([...narrow.keys()]).toEqual([dense.id]);
  expect([...(narrow.get(dense.id)?.dataSync<"float32">() ?? [])]).toEqual([...(whole.get(dense.id)?.dataSync<"float32">() ?? [])]);
  tape.dispose();
  dispose([...whole.values(), ...narrow.values(), ...value]);
  net.dispose();
});
