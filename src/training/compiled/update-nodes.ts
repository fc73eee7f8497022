import { adamCoefficients } from "../optimizers/adam.ts";
import { sharesOf } from "../optimizers/coefficients.ts";
import type { UpdateRule } from "../optimizers/update-rule.ts";
import { typeAttribute } from "./graph-file.ts";
import { elementType, flag, nodeOf, type GraphBuilder } from "./graph-builder.ts";

/** Variables of a session: a parameter, and what its optimizer remembers of it, by the names of the slot's buffers. */
export interface Handles {
  readonly value: string;
  readonly buffers: Readonly<Record<string, string>>;
}

/**
 * What changes from step to step, after t steps with the last one at the rate η. Adam's are those of TensorFlow's kernel, whose ε is inside
 * of what the bias correction divides:
 *
 *   Δ = η √(1−β2ᵗ)/(1−β1ᵗ) · m / (√v + ε √(1−β2ᵗ))  =  η (m / (1−β1ᵗ)) / (√(v / (1−β2ᵗ)) + ε)
 */
export function coefficientsOf(rule: UpdateRule, rate: number, count: number): readonly number[] {
  if (rule.kind !== "adam") return [rate];
  const adam = adamCoefficients(rule, count, rate);
  const root = Math.sqrt(1 / adam.correction);
  return [adam.rate * root, adam.epsilon * root];
}

export function coefficientCount(rule: UpdateRule): number {
  return rule.kind === "adam" ? 2 : 1;
}

/** Moves one parameter, after what it waits for; the node that has done so. Accumulators first, as the optimizers' slots have it. */
export function applyNode(
  graph: GraphBuilder,
  rule: UpdateRule,
  { value, buffers }: Handles,
  gradient: string,
  coefficients: readonly string[],
  after: readonly string[],
): string {
  const buffer = (name: string): string => buffers[name] ?? missing(name);
  const [rate = missing("rate"), epsilon = ""] = coefficients;
  const waits = after.map((node) => `^${node}`);
  const unlocked = flag("use_locking", false);
  const apply = (operation: string, inputs: readonly string[], ...attributes: ReturnType<typeof flag>[]): string =>
    nodeOf(graph.operation(operation, [value, ...inputs, ...waits], [typeAttribute("T", elementType.float), unlocked, ...attributes], []));
  switch (rule.kind) {
    case "sgd":
      if (rule.momentum === 0) return apply("ResourceApplyGradientDescent", [rate, gradient]);
      return apply(
        "ResourceApplyMomentum",
        [buffer("momentum"), rate, gradient, graph.float(rule.momentum)],
        flag("use_nesterov", rule.nesterov),
      );
    case "adam": {
      // Powers of 0, as the correction is in the rate already.
      const zero = graph.float(0);
      const constants = [zero, zero, rate, graph.float(rule.beta1), graph.float(rule.beta2), epsilon];
      return apply("ResourceApplyAdam", [buffer("mean"), buffer("square"), ...constants, gradient], flag("use_nesterov", false));
    }
    case "adagrad":
      return apply("ResourceApplyAdagradV2", [buffer("square"), rate, graph.float(rule.epsilon), gradient], flag("update_slots", true));
    case "rmsprop": {
      // TensorFlow's own has ε within the root.
      const shares = sharesOf(rule.rho);
      const kept = graph.float32("Mul", [readNode(graph, buffer("square"), after), graph.float(shares.kept)]);
      const fresh = graph.float32("Mul", [graph.float32("Square", [gradient]), graph.float(shares.fresh)]);
      const square = graph.float32("AddV2", [kept, fresh]);
      const stored = assignNode(graph, buffer("square"), square, []);
      const divisor = graph.float32("AddV2", [graph.float32("Sqrt", [square]), graph.float(rule.epsilon)]);
      const update = graph.float32("RealDiv", [graph.float32("Mul", [gradient, rate]), divisor]);
      return nodeOf(
        graph.operation("AssignSubVariableOp", [value, update, ...waits, `^${stored}`], [typeAttribute("dtype", elementType.float)], []),
      );
    }
  }
}

/** The value of a variable, after some nodes. */
export function readNode(graph: GraphBuilder, handle: string, after: readonly string[]): string {
  const inputs = [handle, ...after.map((node) => `^${node}`)];
  return graph.operation("ReadVariableOp", inputs, [typeAttribute("dtype", elementType.float)], [elementType.float]);
}

/** Gives a variable a value, after some nodes; the node that has done so. */
export function assignNode(graph: GraphBuilder, handle: string, value: string, after: readonly string[]): string {
  const inputs = [handle, value, ...after.map((node) => `^${node}`)];
  return nodeOf(graph.operation("AssignVariableOp", inputs, [typeAttribute("dtype", elementType.float)], []));
}

function missing(what: string): never {
  throw new RangeError(`An update needs ${what}.`);
}
