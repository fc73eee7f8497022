import type { SignMasking } from "../../balancers/kernels/sign-masks.ts";
import { elementType, flag, integer, type GraphBuilder } from "./graph-builder.ts";
import { typeAttribute } from "./graph-file.ts";

/** What a masked sum is made of. */
interface MaskedParts {
  /** One a task, `[pieces, length]`. */
  readonly gradients: readonly string[];
  /** One a task. */
  readonly weights: readonly string[];
  /** `[pieces, length]`: the draws less 2³¹, for whole numbers have a sign here. */
  readonly bits: string;
}

const { float, double, int32, bool } = elementType;

/**
 * Σ w_i g_i with signs masked, `[pieces, length]`: as `maskedSum` (balancers/kernels/sign-masks.ts). What decides is computed in double
 * precision, for every wrong decision would be a wrong element.
 */
export function maskedSumNode(graph: GraphBuilder, { gradients, weights, bits }: MaskedParts, { leak, k }: SignMasking): string {
  const inDoubles = (operation: string, ...inputs: readonly string[]): string =>
    graph.operation(operation, inputs, [typeAttribute("T", double)], [double]);
  const cast = (value: string, from: number, to: number): string =>
    graph.operation("Cast", [value], [typeAttribute("SrcT", from), typeAttribute("DstT", to), flag("Truncate", false)], [to]);
  const total = (values: readonly string[], type: number): string =>
    graph.operation("AddN", values, [typeAttribute("T", type), integer("N", values.length)], [type]);
  const number = (value: number): string => graph.double(value);

  const doubles = gradients.map((gradient) => cast(gradient, float, double));
  const sum = total(doubles, double);
  const absolute = total(
    doubles.map((each) => inDoubles("Abs", each)),
    double,
  );
  const purity = inDoubles("DivNoNan", inDoubles("Mul", number(k), sum), absolute);
  const uniform = inDoubles("Mul", inDoubles("AddV2", cast(bits, int32, double), number(2 ** 31)), number(2 ** -32));
  const chance = inDoubles("Mul", number(0.5), inDoubles("AddV2", number(1), purity));
  const isPositive = graph.operation("Greater", [chance, uniform], [typeAttribute("T", double)], [bool]);

  const passing = (bound: "Maximum" | "Minimum", drawn: number, other: number): string => {
    const parts = gradients.map((gradient, task) => {
      const part = graph.float32(bound, [gradient, graph.float(0)]);
      return graph.float32("Mul", [part, weights[task] ?? ""]);
    });
    return graph.float32("Mul", [total(parts, float), graph.float32("SelectV2", [isPositive, graph.float(drawn), graph.float(other)])]);
  };
  return graph.float32("AddV2", [passing("Maximum", 1, leak), passing("Minimum", leak, 1)]);
}
