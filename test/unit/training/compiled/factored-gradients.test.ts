import { expect, test } from "vitest";
import { factoredGradients } from "../../../../src/training/compiled/factored-gradients.ts";
import { elementType, flag, GraphBuilder } from "../../../../src/training/compiled/graph-builder.ts";
import { typeAttribute } from "../../../../src/training/compiled/graph-file.ts";
import { shaped } from "./shaped.ts";

const [rows, inputs, columns] = [16, 512, 512];
const [matrix, bias] = [1, 2];

/** Gradients of a matrix, `[inputs, columns]`, and of what is added to its products in some shape. */
function gradientsOf(graph: GraphBuilder, added: readonly number[]): ReadonlyMap<number, string>[] {
  const input = shaped(graph, graph.placeholder("h", [rows, inputs]), [rows, inputs]);
  return ["d0", "d1", "d2"].map((name) => {
    const error = shaped(graph, graph.placeholder(name, added), added);
    const flat = shaped(graph, graph.reshape(error, [rows, columns]), [rows, columns]);
    const attributes = [flag("adj_x", true), flag("adj_y", false)];
    const gradient = shaped(graph, graph.float32("BatchMatMulV2", [input, flat], attributes), [inputs, columns]);
    const axes = graph.integers(added.slice(1).map((_, axis) => axis));
    const sum = graph.float32("Sum", [error, axes], [typeAttribute("Tidx", elementType.int32), flag("keep_dims", false)]);
    return new Map([
      [matrix, gradient],
      [bias, shaped(graph, sum, added.slice(-1))],
    ]);
  });
}

test.each([
  [[rows, columns], bias],
  [[1, rows, columns], bias],
  // As many numbers for half of the columns are no sums over the rows.
  [[rows, 2, columns / 2], undefined],
])("Errors of the shape %j are summed to a bias's gradients: %s", (added, expected) => {
  const graph = new GraphBuilder("n");
  const alone = gradientsOf(graph, added);
  const shapes = new Map([
    [matrix, [inputs, columns]],
    [bias, added.slice(-1)],
  ]);
  const found = factoredGradients(graph.nodes, alone, shapes);
  expect([...found.keys()]).toEqual([matrix]);
  expect(found.get(matrix)).toMatchObject({ input: "h:0", rows, columns, bias: expected });
});
