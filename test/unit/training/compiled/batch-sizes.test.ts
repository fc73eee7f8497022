import { expect, test, vi } from "vitest";
import { NativeCompiler } from "../../../../src/training/compiled/native-compiler.ts";
import { NotRecordable } from "../../../../src/training/compiled/not-recordable.ts";
import { WasmCompiler } from "../../../../src/training/compiled/wasm-compiler.ts";
import { inTensorScope } from "../../../../src/training/tensor-scope.ts";
import { onEachBackend } from "../each-backend.ts";
import { differences, Fixture } from "./pass-fixture.ts";

onEachBackend((backend) => {
  test("a batch of fewer rows that cannot be recorded leaves the whole ones compiled", () => {
    const fixture = new Fixture([{ dense: { units: 6, activation: "relu" } }], [5]);
    const compiled = fixture.compiled();
    const owner = backend === "native" ? NativeCompiler.prototype : WasmCompiler.prototype;
    const { compile } = owner;
    const tried = vi.spyOn(owner, "compile").mockImplementation(function (this: typeof owner, parts, batch, standIns, memory) {
      if (batch.rows === 3) throw new NotRecordable("three rows are too few");
      return compile.call(this, parts, batch, standIns, memory);
    });
    for (let epoch = 1; epoch <= 34; epoch++) {
      for (const rows of [4, 3]) {
        inTensorScope(() => {
          compiled.forward(fixture.batch({ rows }), { kind: "usual" }).dispose();
        });
      }
    }
    expect(compiled.save().refusal).toBeNull();
    expect(compiled.takeNotes()).toContain("Steps over batches with 3 rows are not compiled: three rows are too few.");
    expect(compiled.save().plain).toEqual({});
    expect(compiled.recordings.list()).toHaveLength(1);
    // Nor is it tried again by a training that goes on from here.
    const further = fixture.compiled();
    further.restore(compiled.save());
    tried.mockClear();
    inTensorScope(() => {
      for (const rows of [4, 3]) further.forward(fixture.batch({ rows }), { kind: "usual" }).dispose();
    });
    expect(tried).toHaveBeenCalledTimes(1);
    expect(further.takeNotes()).toEqual([]);
    expect(further.save().refused).toEqual({ " with 3 rows": "three rows are too few" });
    vi.restoreAllMocks();
    for (const each of [compiled, further]) each.dispose();
    fixture.model.dispose();
  });

  test("a batch of fewer rows is recorded when it comes for the 32nd time, also where another counted before", () => {
    const fixture = new Fixture([{ dense: { units: 6, activation: "relu" } }, { dropout: { rate: 0.3 } }], [5]);
    const [first, second] = [fixture.compiled(), fixture.compiled()];
    let isFirst = true;
    const recordings: number[] = [];
    for (let epoch = 1; epoch <= 34; epoch++) {
      if (epoch === 20) {
        second.restore(first.save());
        isFirst = false;
      }
      const compiled = isFirst ? first : second;
      for (const rows of [4, 3]) {
        inTensorScope(() => {
          const [plain, told] = fixture.both(compiled, fixture.batch({ rows }));
          expect(differences(plain, told)).toEqual([]);
        });
        fixture.move();
      }
      recordings.push(compiled.recordings.list().length);
    }
    expect(recordings).toEqual([...Array<number>(31).fill(1), 2, 2, 2]);
    expect(second.save().sets).toEqual({ " with 3 rows": 32 });
    for (const compiled of [first, second]) compiled.dispose();
    fixture.model.dispose();
  });
});
