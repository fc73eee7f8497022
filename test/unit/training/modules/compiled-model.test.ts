import { expect, test } from "vitest";
import { describeOn } from "../../backends.ts";
import { containing } from "../data/containing.ts";
import { modelOf, OwnCode } from "./own-code.ts";

const tasks = { kind: { kind: "classification" }, twin: { column: "kind", kind: "classification" } };

/** A network whose pass is `forward`, with what it returns beside it. */
function code(forward: string, beside = ""): string {
  return modelOf(`
  const { tasks, layer } = context;
  const trunk = layer("trunk", tf.layers.dense({ units: 6, activation: "relu" }));
  const heads = tasks.map(({ id, outputs }) => layer(id + ".out", tf.layers.dense({ units: outputs })));
  const scale = tf.scalar(2);
  let calls = 0;
  const forward = ([x]) => { calls += 1; ${forward} };
  return { forward${beside} };`);
}

describeOn("native")("A network of one's own", () => {
  async function trained(
    model: string,
    compile: boolean,
  ): Promise<{ readonly loss: number | undefined; readonly notes: readonly string[] }> {
    const own = new OwnCode({ "model.ts": model });
    const training = { epochs: 4, batchSize: 16, seed: 1, backend: "native", compile };
    const { recorder } = await own.train("a", { changes: { tasks, training, optimizer: { sgd: { learningRate: 0.3 } } } });
    const notes = recorder.events.filter(({ kind }) => kind === "note").map(({ message }) => message);
    return { loss: recorder.last("loss/kind"), notes };
  }

  const pure = "return heads.map((head) => head(trunk(x)));";

  test.each([
    [
      "counts its calls",
      "const h = tf.mul(trunk(x), calls > 8 ? 0 : 1); return heads.map((head) => head(h));",
      "",
      "must say that it can be",
    ],
    [
      "takes in a tensor of its own, and says that it can be",
      "return heads.map((head) => head(tf.mul(trunk(x), scale)));",
      ", compile: true",
      "made outside of the step",
    ],
    [
      "hides that it reads a value",
      "const h = trunk(x); let m = 0; try { m = tf.mean(h).dataSync()[0]; } catch { m = 0; } return heads.map((head) => head(h));",
      ", compile: true",
      "read back",
    ],
  ])("is trained plainly where it %s", async (_, forward, beside, why) => {
    const model = code(forward, beside);
    const [one, other] = [await trained(model, true), await trained(model, false)];
    expect(one.loss).toBe(other.loss);
    expect(one.notes).toContainEqual(containing(why));
  });

  test("is compiled where it says that it can be", async () => {
    const [one, other] = [await trained(code(pure, ", compile: true"), true), await trained(code(pure), false)];
    expect(one.loss).toBeCloseTo(other.loss ?? Number.NaN, 5);
    expect(one.notes).toEqual([]);
  });
});
