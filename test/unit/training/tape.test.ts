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
  split,
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
import { BackwardPass } from "../../../src/training/gradients/backward-pass.ts";
import { Tape } from "../../../src/training/gradients/tape.ts";
import { RandomStreams } from "../../../src/training/random-streams.ts";
import { inTensorScope } from "../../../src/training/tensor-scope.ts";

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

type Blocks = readonly (readonly number[] | undefined)[];

function blocksOf(gradients: ReadonlyMap<number, Float32Array>, variables: readonly Variable[]): Blocks {
  return variables.map(({ id }) => {
    const gradient = gradients.get(id);
    return gradient === undefined ? undefined : [...gradient];
  });
}

/** Gradients of one loss, by position of the variable. */
function alone(pass: BackwardPass, loss: number, variables: readonly Variable[]): Blocks {
  const own = [...pass.own].flatMap(([id, gradient]) => (gradient.loss === loss ? [[id, gradient.values] as const] : []));
  return blocksOf(new Map([...pass.alone(loss), ...own]), variables);
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
    inTensorScope(() => {
      const { tape, value } = Tape.record(net.variables, () => net.losses());
      const pass = BackwardPass.from(tape, value);
      expect(value.map((_, position) => alone(pass, position, net.variables))).toEqual(expected);
      expect(tape.walks).toBe(3);
      tape.dispose();
    });
    net.dispose();
  });

  test("gives the weighted sum's gradients in one walk, and what each loss alone depends on unweighted", () => {
    const net = network();
    // Weights that are powers of two are exact wherever they are multiplied in.
    const weights = [0.5, 4, 0];
    const expected = naive(net.variables, () => {
      const [a = scalar(0), b = scalar(0), c = scalar(0)] = net.losses().map((loss, task): Scalar => mul(loss, weights[task] ?? 0));
      return add(add(a, b), c);
    });
    inTensorScope(() => {
      const { tape, value } = Tape.record(net.variables, () => net.losses());
      const pass = BackwardPass.from(tape, value);
      expect(blocksOf(pass.summed(weights), net.variables).slice(0, 2)).toEqual(expected.slice(0, 2));
      expect(tape.walks).toBe(1);
      expect([...pass.own].map(([id, { loss }]) => [net.variables.findIndex((each) => each.id === id), loss])).toEqual([
        [4, 2],
        [3, 1],
        [2, 0],
      ]);
      tape.dispose();
    });
    net.dispose();
  });

  test("gives all losses' gradients of a variable at once in lock-step, the same bits", () => {
    const net = network();
    inTensorScope(() => {
      const { tape, value } = Tape.record(net.variables, () => net.losses());
      const pass = BackwardPass.from(tape, value);
      const rows = value.map((_, position) => alone(pass, position, net.variables));
      const seen: [number, Blocks][] = [];
      pass.inLockStep((id, gradients) => {
        seen.push([net.variables.findIndex((each) => each.id === id), gradients.map((each) => each && [...each])]);
      });
      // The last layer is complete first.
      expect(seen).toEqual([1, 0].map((index) => [index, rows.map((row) => row[index])]));
      tape.dispose();
    });
    net.dispose();
  });

  test("weighs what several losses get from one operation, as the halves of a split", () => {
    const [trunk, h1, h2] = [variable(noise([4, 6])), variable(noise([3, 1])), variable(noise([3, 1]))];
    const input = noise([5, 4]);
    const forward = (): Scalar[] => {
      const [a, b] = split(matMul(input, trunk), 2, 1);
      return [sum(square(matMul(a ?? input, h1))), sum(matMul(b ?? input, h2))];
    };
    const expected = naive([trunk], () => {
      const [a = scalar(0), b = scalar(0)] = forward();
      return add(mul(a, 4), mul(b, 0.25));
    });
    inTensorScope(() => {
      const { tape, value } = Tape.record([trunk, h1, h2], forward);
      const pass = BackwardPass.from(tape, value);
      expect(blocksOf(pass.summed([4, 0.25]), [trunk])).toEqual(expected);
      expect(pass.representation().map((row) => row.map((block) => block?.length))).toEqual([
        [15, undefined],
        [undefined, 15],
      ]);
      tape.dispose();
    });
    dispose([trunk, h1, h2, input]);
  });

  test("walks no head twice, and of the heads each loss its own alone", () => {
    const net = network();
    inTensorScope(() => {
      const { tape, value } = Tape.record(net.variables, () => net.losses());
      const pass = BackwardPass.from(tape, value);
      const heads = tape.operations;
      pass.summed([1, 1, 1]);
      const trunk = tape.operations - heads;
      const reached = new Set(value.flatMap((loss) => [...tape.reached(loss)]));
      const all = tape.backward.filter(({ outputs }) => outputs.some(({ id }) => reached.has(id)));
      expect(heads).toBeGreaterThan(0);
      expect(heads + trunk).toBe(all.length);
      for (const loss of [0, 1]) {
        const before = tape.operations;
        pass.alone(loss);
        expect(tape.operations - before).toBe(trunk);
      }
      // The third head hangs on the first layer: it walks less of the trunk.
      const before = tape.operations;
      pass.alone(2);
      const short = tape.operations - before;
      expect(short).toBeGreaterThan(0);
      expect(short).toBeLessThan(trunk);
      const together = tape.operations;
      pass.inLockStep(() => undefined);
      expect(tape.operations - together).toBe(2 * trunk + short);
      tape.dispose();
    });
    net.dispose();
  });

  test("leaves no tensor behind, also when the forward pass fails", () => {
    const net = network();
    const before = memory().numTensors;
    inTensorScope(() => {
      const { tape, value } = Tape.record(net.variables, () => net.losses());
      const made = memory().numTensors;
      const pass = BackwardPass.from(tape, value);
      const crossings = memory().numTensors - made;
      for (const run of [() => pass.alone(0), () => pass.summed([1, 2, 3]), () => pass.inLockStep(() => undefined)]) {
        run();
        expect(memory().numTensors - made).toBe(crossings);
      }
      // What the heads take in: the trunk's output twice, and the first layer's.
      expect(crossings).toBe(3);
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
  const rows = inTensorScope(() => BackwardPass.from(tape, value).representation());
  expect(rows.map((row) => row.map((block) => [...(block ?? [])]))).toEqual(expected.map((block) => [block]));
  expect(tape.walks).toBe(0);
  tape.dispose();
  dispose([trunk, h1, h2, input, ...value]);
});

test("a walk to some of the variables gives the same gradients, and goes no farther", () => {
  const net = network();
  const [, dense] = net.variables;
  if (dense === undefined) throw new Error("unreachable");
  inTensorScope(() => {
    const { tape, value } = Tape.record(net.variables, () => net.losses());
    const pass = BackwardPass.from(tape, value);
    const whole = value.map((_, position) => alone(pass, position, [dense]));
    const narrow: Blocks[] = [];
    const before = tape.operations;
    pass.inLockStep(() => undefined);
    const everything = tape.operations - before;
    pass.inLockStep((_, gradients) => narrow.push(gradients.map((each) => each && [...each])), new Set([dense.id]));
    expect(narrow).toEqual([whole.flat()]);
    expect(tape.operations - before - everything).toBeLessThan(everything / 2);
    tape.dispose();
  });
  net.dispose();
});

test.each(["grad", "variableGrads"])("a forward pass that takes a gradient itself (%s) is refused, and the next one is not", (kind) => {
  const weight = variable(scalar(2));
  const input = scalar(3);
  const cube = (x: Tensor): Scalar => sum(mul(x, mul(x, x)));
  const taken = { grad: () => sum(mul(weight, grad(cube)(input))), variableGrads: () => variableGrads(() => cube(weight)).value };
  const before = memory().numTensors;
  expect(() => inTensorScope(() => Tape.record([weight], kind === "grad" ? taken.grad : taken.variableGrads))).toThrow(
    /takes a gradient in its forward pass.*customGrad/s,
  );
  expect(memory().numTensors).toBe(before);
  expect(inTensorScope(() => grad(cube)(input).dataSync()[0])).toBe(27);
  inTensorScope(() => {
    const { tape, value } = Tape.record([weight], () => [cube(weight)]);
    expect([...BackwardPass.from(tape, value).own.values()]).toEqual([{ loss: 0, values: Float32Array.of(12) }]);
    tape.dispose();
  });
  dispose([weight, input]);
});

test("a tape is not recorded while another records", () => {
  const weight = variable(scalar(2));
  expect(() => Tape.record([weight], () => Tape.record([weight], () => mul(weight, weight)).value)).toThrow(/while another records/);
  weight.dispose();
});
