import { beforeAll, expect, test } from "vitest";
import { startBackend } from "../../../../src/training/backend/backend.ts";
import { factoredProducts } from "../../../../src/training/compiled/factored-products.ts";
import { GraphBuilder } from "../../../../src/training/compiled/graph-builder.ts";
import { nativeBackend } from "../../../../src/training/compiled/native-binding.ts";
import { NativeGraph } from "../../../../src/training/compiled/native-graph.ts";
import { RandomStreams } from "../../../../src/training/random-streams.ts";
import { describeOn } from "../../backends.ts";

describeOn("native")("Products of gradients from their factors", () => {
  beforeAll(async () => {
    await startBackend("native");
  });

  const [inputs, losses, columns] = [7, 3, 5];

  function madeByTensorFlow(input: Float32Array, errors: Float32Array, rows: number): readonly number[] {
    const native = nativeBackend();
    if (native === undefined) throw new Error("This is the native backend.");
    const { binding } = native;
    const graph = new GraphBuilder("p");
    const factors = {
      input: graph.placeholder("h", [rows, inputs]),
      errors: graph.placeholder("d", [rows, losses, columns]),
      rows,
      losses,
      columns,
    };
    const all = graph.joined(factoredProducts(graph, factors), 0);
    const loaded = NativeGraph.load(binding, graph.nodes);
    const feeds = new Map([
      ["h", binding.createTensor([rows, inputs], binding.TF_FLOAT, input)],
      ["d", binding.createTensor([rows, losses, columns], binding.TF_FLOAT, errors)],
    ]);
    const made = loaded.run(feeds, [all]);
    const pieces = made.map(({ id }) => [...binding.tensorDataSync(id)]).flat();
    for (const id of [...feeds.values(), ...made.map((value) => value.id)]) binding.deleteTensor(id);
    loaded.dispose();
    const sums = Array.from({ length: losses * losses }, (_, at) =>
      pieces.reduce((total, value, place) => (place % (losses * losses) === at ? total + value : total), 0),
    );
    return sums.map((sum, at) => (sum + (sums[(at % losses) * losses + Math.floor(at / losses)] ?? 0)) / 2);
  }

  /** ⟨HᵀD_i, HᵀD_j⟩ as it is written. */
  function expected(input: Float32Array, errors: Float32Array, rows: number): readonly number[] {
    const gradients = Array.from({ length: losses }, (_, loss) =>
      Array.from({ length: inputs * columns }, (__, at) => {
        let sum = 0;
        for (let row = 0; row < rows; row++) {
          sum += (input[row * inputs + Math.floor(at / columns)] ?? 0) * (errors[(row * losses + loss) * columns + (at % columns)] ?? 0);
        }
        return sum;
      }),
    );
    return gradients.flatMap((one) => gradients.map((other) => one.reduce((sum, value, at) => sum + value * (other[at] ?? 0), 0)));
  }

  test.each([1, 63, 64, 127, 128, 130, 195, 257, 301])("of %d rows are those of the gradients", (rows) => {
    const random = new RandomStreams(rows).get("factors");
    const input = Float32Array.from({ length: rows * inputs }, () => random.normal());
    const errors = Float32Array.from({ length: rows * losses * columns }, () => random.normal());
    const products = expected(input, errors, rows);
    const largest = Math.max(...products.map(Math.abs));
    madeByTensorFlow(input, errors, rows).forEach((product, at) => {
      expect(Math.abs(product - (products[at] ?? Number.NaN)) / largest).toBeLessThan(1e-6);
    });
  });
});
