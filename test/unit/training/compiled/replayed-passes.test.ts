import { backend, engine, getKernel } from "@tensorflow/tfjs-core";
import { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { startBackend } from "../../../../src/training/backend/backend.ts";
import { inTensorScope } from "../../../../src/training/tensor-scope.ts";
import { bitDifferences, convolutions, Fixture, plainTrunk } from "./pass-fixture.ts";

function wasm(): BackendWasm {
  const current: unknown = backend();
  if (!(current instanceof BackendWasm)) throw new Error("The wasm backend does not compute.");
  return current;
}

interface Allocator {
  _malloc: (bytes: number) => number;
  _free: (address: number) => void;
}

function allocates(module: object): module is Allocator {
  return "_malloc" in module && "_free" in module;
}

describe("A replayed pass", () => {
  beforeAll(async () => {
    await startBackend("wasm");
  });

  test("asks the engine for nothing", () => {
    const fixture = new Fixture([{ dense: { units: 6, activation: "relu" } }, { dropout: { rate: 0.3 } }], [5]);
    const compiled = fixture.compiled();
    inTensorScope(() => fixture.told(compiled, fixture.batch()));
    const asked = vi.spyOn(engine(), "runKernel");
    inTensorScope(() => {
      const batch = fixture.batch();
      const pass = compiled.forward(batch, { kind: "usual" });
      pass.back([0, 1, 2]).summed([1, 1, 1]);
      pass.dispose();
    });
    expect(asked).not.toHaveBeenCalled();
    asked.mockRestore();
    compiled.dispose();
    fixture.model.dispose();
  });

  test("does not multiply by weights of 1", () => {
    const fixture = new Fixture(plainTrunk, [5]);
    const multiply = getKernel("Multiply", "wasm");
    const { kernelFunc } = multiply;
    let products = 0;
    multiply.kernelFunc = (call) => {
      products += 1;
      return kernelFunc(call);
    };
    const compiled = fixture.compiled();
    const counted = (weights: readonly number[]): number =>
      inTensorScope(() => {
        const pass = compiled.forward(fixture.batch(), { kind: "usual" });
        products = 0;
        pass.back([0, 1, 2]).summed(weights);
        pass.dispose();
        return products;
      });
    counted([1, 1, 1]);
    expect(counted([1, 2, 3]) - counted([1, 1, 1])).toBe(2);
    inTensorScope(() => {
      for (const weights of [
        [1, 1, 1],
        [2, 1, 1],
        [1, 1, 2],
      ]) {
        const [plain, replayed] = fixture.both(compiled, fixture.batch(), "usual", weights);
        expect(bitDifferences(plain, replayed)).toEqual([]);
      }
    });
    multiply.kernelFunc = kernelFunc;
    compiled.dispose();
    fixture.model.dispose();
  });

  test("weighs anew within one pass, and computes what is asked for in any order", () => {
    const fixture = new Fixture(plainTrunk, [5]);
    const compiled = fixture.compiled();
    inTensorScope(() => {
      const batch = fixture.batch();
      fixture.told(compiled, batch);
      const noise = fixture.parts.noise.save();
      const asking = (weights: readonly (readonly number[])[]): Float32Array[] => {
        fixture.parts.noise.restore(noise);
        const pass = compiled.forward(batch, { kind: "usual" });
        const way = pass.back([0, 1, 2]);
        const last = weights.map((each) => way.summed(each)).at(-1) ?? new Map<number, Float32Array>();
        const values = [...way.alone(1).values(), ...last.values()];
        pass.dispose();
        return values;
      };
      expect(asking([[1, 2, 3], [3, 2, 1]])).toEqual(asking([[3, 2, 1]])); // prettier-ignore
    });
    compiled.dispose();
    fixture.model.dispose();
  });

  test("can be asked for more when another has begun and the parameters have moved", () => {
    const fixture = new Fixture(plainTrunk, [5]);
    const compiled = fixture.compiled();
    inTensorScope(() => {
      const batch = fixture.batch();
      fixture.told(compiled, batch);
      const noise = fixture.parts.noise.save();
      const usual = compiled.forward(batch, { kind: "usual" });
      const expected = [...usual.back([0, 1, 2]).alone(2).values()];
      usual.dispose();
      fixture.parts.noise.restore(noise);
      const pass = compiled.forward(batch, { kind: "usual" });
      fixture.move();
      const other = compiled.forward(fixture.batch(), { kind: "usual" });
      expect([...pass.back([0, 1, 2]).alone(2).values()]).toEqual(expected);
      expect([...other.back([0, 1, 2]).alone(2).values()]).not.toEqual(expected);
      pass.dispose();
      other.dispose();
    });
    compiled.dispose();
    fixture.model.dispose();
  });

  test("tells what is not finite as the plain one does, also where a relu makes numbers of it", () => {
    const fixture = new Fixture(convolutions({ activation: "relu" }), [5, 5, 1]);
    const compiled = fixture.compiled();
    inTensorScope(() => fixture.told(compiled, fixture.batch()));
    for (const input of [Number.NaN, Number.POSITIVE_INFINITY]) {
      inTensorScope(() => {
        const [plain, replayed] = fixture.both(compiled, fixture.batch({ input }));
        expect(bitDifferences(plain, replayed)).toEqual([]);
      });
    }
    compiled.dispose();
    fixture.model.dispose();
  });

  test("takes nothing from the heap that it does not give back", () => {
    const fixture = new Fixture([...convolutions({ activation: "relu" }), ...plainTrunk], [6, 6, 1]);
    const module: object = wasm().wasm;
    if (!allocates(module)) throw new Error("The backend's heap cannot be watched.");
    const held = new Set<number>();
    const { _malloc, _free } = module;
    Object.assign(module, {
      _malloc: (bytes: number) => {
        const address = _malloc(bytes);
        held.add(address);
        return address;
      },
      _free: (address: number) => {
        held.delete(address);
        _free(address);
      },
    });
    const compiled = fixture.compiled();
    const step = (): void => inTensorScope(() => void fixture.told(compiled, fixture.batch()));
    for (let warm = 0; warm < 3; warm++) step();
    const whole = new Set(held);
    for (let more = 0; more < 20; more++) step();
    expect([...held].filter((address) => !whole.has(address))).toEqual([]);
    compiled.dispose();
    expect(held.size).toBeLessThan(whole.size / 4);
    Object.assign(module, { _malloc, _free });
    fixture.model.dispose();
  });

  test("that a kernel breaks off is computed anew", () => {
    const fixture = new Fixture(plainTrunk, [5]);
    const product = getKernel("BatchMatMul", "wasm");
    const { kernelFunc } = product;
    let left = Number.POSITIVE_INFINITY;
    product.kernelFunc = (call) => {
      if (left-- === 0) throw new Error("No more.");
      return kernelFunc(call);
    };
    const compiled = fixture.compiled();
    inTensorScope(() => {
      const [plain] = fixture.both(compiled, fixture.batch());
      const batch = fixture.batch();
      const noise = fixture.parts.noise.save();
      const asked = (breaksOff: boolean): Float32Array[] => {
        fixture.parts.noise.restore(noise);
        const pass = compiled.forward(batch, { kind: "usual" });
        const way = pass.back([0, 1, 2]);
        left = breaksOff ? 2 : Number.POSITIVE_INFINITY;
        if (breaksOff) expect(() => way.summed([1, 2, 3])).toThrow("No more.");
        left = Number.POSITIVE_INFINITY;
        const values = [...way.summed([1, 2, 3]).values(), ...way.alone(1).values()];
        pass.dispose();
        return values;
      };
      expect(plain.size).toBeGreaterThan(0);
      expect(asked(true)).toEqual(asked(false));
    });
    product.kernelFunc = kernelFunc;
    compiled.dispose();
    fixture.model.dispose();
  });
});
