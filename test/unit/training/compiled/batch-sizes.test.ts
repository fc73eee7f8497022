import { expect, test } from "vitest";
import { inTensorScope } from "../../../../src/training/tensor-scope.ts";
import { onEachBackend } from "../each-backend.ts";
import { differences, Fixture } from "./pass-fixture.ts";

onEachBackend(() => {
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
    expect(second.save().sets).toEqual({ " of rows 3": 32 });
    for (const compiled of [first, second]) compiled.dispose();
    fixture.model.dispose();
  });
});
