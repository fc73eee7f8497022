import { createHash } from "node:crypto";
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { BackendError } from "../../../../src/training/backend/backend-error.ts";
import { startBackend } from "../../../../src/training/backend/backend.ts";
import { WasmHeap, asWasmBackend } from "../../../../src/training/backend/wasm-heap.ts";
import { numbers } from "./references.ts";

const folders: string[] = [];

/** A workspace in which the native package is `code`. */
function workspaceWithNative(code: string): string {
  const folder = mkdtempSync(join(tmpdir(), "taskscope-native-"));
  folders.push(folder);
  const home = join(folder, "node_modules", "@tensorflow", "tfjs-node");
  mkdirSync(home, { recursive: true });
  writeFileSync(join(home, "package.json"), JSON.stringify({ name: "@tensorflow/tfjs-node", version: "4.22.0", main: "index.js" }));
  writeFileSync(join(home, "index.js"), code);
  return folder;
}

beforeAll(async () => {
  await startBackend("wasm");
});

afterEach(async () => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
  await startBackend("wasm");
});

describe("choosing a backend", () => {
  test("wasm is always there", async () => {
    expect(await startBackend("wasm")).toEqual({ name: "wasm", version: "4.22.0", threads: 1 });
    expect(tf.getBackend()).toBe("wasm");
  });

  test("a native package that does not load is told, and auto goes on with wasm", async () => {
    const workspaceFolder = workspaceWithNative(`throw new Error("libtensorflow.so.2: cannot open shared object file");`);
    await expect(startBackend("native", { workspaceFolder })).rejects.toMatchObject({ name: "BackendError", code: "native-broken" });
    await expect(startBackend("native", { workspaceFolder })).rejects.toThrow(/libtensorflow.*npm rebuild.*"wasm"/);
    const { name, note } = await startBackend("auto", { workspaceFolder });
    expect(name).toBe("wasm");
    expect(note).toContain("libtensorflow");
    expect(tf.getBackend()).toBe("wasm");
  });

  test("a native package that loads but registers no backend is told", async () => {
    const workspaceFolder = workspaceWithNative("");
    await expect(startBackend("native", { workspaceFolder })).rejects.toMatchObject({ code: "native-broken" });
  });

  test("what the native package calls but Node removed is there when it loads", async () => {
    const workspaceFolder = workspaceWithNative(
      `throw new Error("seen: " + require("util").isNullOrUndefined(null) + require("util").isNullOrUndefined(0));`,
    );
    await expect(startBackend("native", { workspaceFolder })).rejects.toThrow("seen: truefalse");
  });
});

describe("training on wasm", () => {
  test("keeps the number of tensors and the heap constant over 1,000 steps", () => {
    const training = smallNetwork();
    for (let i = 0; i < 20; i++) training.step();
    const before = { tensors: tf.memory().numTensors, buffers: tf.memory().numDataBuffers, bytes: tf.memory().numBytes, heap: heapBytes() };
    for (let i = 0; i < 1000; i++) training.step();
    expect({
      tensors: tf.memory().numTensors,
      buffers: tf.memory().numDataBuffers,
      bytes: tf.memory().numBytes,
      heap: heapBytes(),
    }).toEqual(before);
    training.dispose();
  });

  test("gives the same bits every time", () => {
    const run = () => {
      const training = smallNetwork();
      for (let i = 0; i < 30; i++) training.step();
      const hash = createHash("sha256");
      for (const variable of training.variables) hash.update(new Uint8Array(variable.dataSync().slice().buffer));
      training.dispose();
      return hash.digest("hex");
    };
    expect(run()).toBe(run());
  });

  test("learns: the loss falls", () => {
    const training = smallNetwork();
    const first = training.step();
    for (let i = 0; i < 300; i++) training.step();
    expect(training.step()).toBeLessThan(0.5 * first);
    training.dispose();
  });
});

describe("memory that cannot be had", () => {
  /** The first numbers of the memory: what a write to address 0 would hit. */
  const beginning = () => [...heap().floats().subarray(0, 64)];

  // Of the second, the number of bytes is 0 in 32 bits.
  test.each([1_073_700_000, 2 ** 30])("for %d numbers is told, and nothing is written over", (count) => {
    const before = beginning();
    for (const allocate of [() => heap().output([count]), () => heap().scratch("test", count)]) {
      expect(allocate).toThrow(BackendError);
      expect(allocate).toThrow(/could not get 4,09[67] MB more.*batchSize/);
    }
    expect(beginning()).toEqual(before);
    expect([...tf.tidy(() => tf.add(tf.tensor1d([1, 2]), 1).dataSync())]).toEqual([2, 3]);
  });
});

/** A convolution, a pooling and two products, with plain gradient descent on a fixed batch with odd sizes. */
function smallNetwork() {
  const shapes = [[3, 3, 1, 6], [6], [54, 10], [10], [10, 3]] as const;
  const variables = shapes.map((shape, i) =>
    tf.tidy(() => tf.variable(tf.mul(tf.tensor(numbers(tf.util.sizeFromShape([...shape]), i), [...shape]), 0.4))),
  );
  const pictures = tf.tensor4d(numbers(7 * 64, 50), [7, 8, 8, 1]);
  const labels = tf.oneHot(tf.tensor1d([0, 1, 2, 0, 1, 2, 1], "int32"), 3, 1, 0, "float32");

  function loss(): tf.Scalar {
    const [filter, filterBias, dense, denseBias, last] = variables;
    if (!filter || !filterBias || !dense || !denseBias || !last) throw new TypeError("The network has five variables.");
    const features = tf.relu(tf.add(tf.conv2d(pictures, tf.reshape<tf.Rank.R4>(filter, [3, 3, 1, 6]), 1, "valid"), filterBias));
    const pooled = tf.reshape(tf.maxPool(tf.reshape<tf.Rank.R4>(features, [7, 6, 6, 6]), 2, 2, "valid"), [7, 54]);
    const hidden = tf.relu(tf.add(tf.matMul(pooled, dense), denseBias));
    return tf.losses.softmaxCrossEntropy<tf.Tensor, tf.Scalar>(labels, tf.matMul(hidden, last));
  }

  return {
    variables,
    step(): number {
      const { value, grads } = tf.variableGrads(loss, variables);
      tf.tidy(() => {
        for (const variable of variables) {
          const gradient = grads[variable.name];
          if (gradient !== undefined) variable.assign(tf.sub(variable, tf.mul(gradient, 0.1)));
        }
      });
      const [result = NaN] = value.dataSync();
      tf.dispose([value, grads]);
      return result;
    },
    dispose(): void {
      tf.dispose([...variables, pictures, labels]);
    },
  };
}

function heap(): WasmHeap {
  return new WasmHeap(asWasmBackend(tf.backend()));
}

function heapBytes(): number {
  return heap().floats().byteLength;
}
