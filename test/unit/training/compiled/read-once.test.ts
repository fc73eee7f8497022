import { beforeAll, expect, test } from "vitest";
import { startBackend } from "../../../../src/training/backend/backend.ts";
import { nativeBackend } from "../../../../src/training/compiled/native-binding.ts";
import { readOnce } from "../../../../src/training/compiled/read-once.ts";
import { describeOn } from "../../backends.ts";

describeOn("native")("What TensorFlow hands out once", () => {
  beforeAll(async () => {
    await startBackend("native");
  });

  test("can be read while it is shown, and its memory is given back then, also where that fails", () => {
    const native = nativeBackend();
    if (native === undefined) throw new Error("This is the native backend.");
    const { binding } = native;
    const id = binding.createTensor([3], binding.TF_FLOAT, Float32Array.of(1, 2, 3));
    const shown: Float32Array[] = [];
    const sum = readOnce(binding, id, (values) => {
      shown.push(values);
      return values.reduce((total, value) => total + value, 0);
    });
    expect(sum).toBe(6);
    const failing = (values: Float32Array): never => {
      shown.push(values);
      throw new Error("It cannot be used.");
    };
    expect(() => readOnce(binding, id, failing)).toThrow("It cannot be used.");
    expect(shown.map(({ length }) => length)).toEqual([0, 0]);
    // The tensor itself is as it was.
    expect([...binding.tensorDataSync(id)]).toEqual([1, 2, 3]);
    binding.deleteTensor(id);
  });
});
