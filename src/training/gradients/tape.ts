import { engine, tidy, zeros, type Tensor, type TensorContainer, type Variable } from "@tensorflow/tfjs-core";
import { TrainingError } from "../training-error.ts";
import { refusingGradients } from "./second-order.ts";

type TapeNode = ReturnType<typeof engine>["state"]["activeTape"][number];

/** One operation of the forward pass that depends on a variable, with only the inputs that do. */
export interface Link {
  readonly outputs: readonly Tensor[];
  readonly inputs: readonly (readonly [name: string, tensor: Tensor])[];
  readonly node: TapeNode;
}

/**
 * A forward pass that was recorded once and can be walked backward as often as needed, where TensorFlow.js's own
 * `variableGrads` walks once and forgets. Whoever records disposes: the tape keeps what the gradients need of the forward pass.
 */
export class Tape {
  readonly #nodes: readonly TapeNode[];
  /** What depends on the variables, last operation first. */
  readonly backward: readonly Link[];
  /** Ids of the variables whose gradients are wanted. */
  readonly variables: ReadonlySet<number>;
  /** Whole backward walks made so far: from the losses, or from where they come together, down to the first layer. */
  walks = 0;
  /** Operations whose gradient was computed so far. */
  operations = 0;

  private constructor(nodes: readonly TapeNode[], variables: readonly Variable[]) {
    this.#nodes = nodes;
    this.variables = new Set(variables.map(({ id }) => id));
    this.backward = dependentLinks(nodes, this.variables);
  }

  /**
   * Runs `forward` and records it. Its result belongs to the caller; gradients are those of `variables`. Throws `TrainingError`
   * where it takes a gradient itself.
   */
  static record<T extends TensorContainer>(variables: readonly Variable[], forward: () => T): { readonly tape: Tape; readonly value: T } {
    const { state } = engine();
    if (state.gradientDepth !== 0) throw new Error("A tape cannot be recorded while another records.");
    const nodes: TapeNode[] = [];
    state.activeTape = nodes;
    state.gradientDepth = 1;
    try {
      const value = refusingGradients(() => tidy(forward));
      return { tape: new Tape(nodes, variables), value };
    } catch (error) {
      disposeSaved(nodes);
      throw error;
    } finally {
      state.gradientDepth = 0;
      state.activeTape = [];
    }
  }

  /** Gradients of a link's inputs, in their order and in new tensors, from those of its outputs (undefined: 0). */
  passed({ node, inputs, outputs }: Link, gradients: readonly (Tensor | undefined)[]): readonly Tensor[] {
    this.operations += 1;
    if (node.gradient === undefined) throw noGradient(node);
    const whole = outputs.map((output, index) => gradients[index] ?? zeros(output.shape));
    const ofInputs = node.gradient(whole);
    return inputs.map(([name]) => {
      const makeGradient = ofInputs[name];
      if (makeGradient === undefined) throw noGradient(node);
      const gradient = tidy(makeGradient);
      // Some operations hand on the very tensor that they were given.
      return whole.includes(gradient) ? gradient.clone() : gradient;
    });
  }

  /** Ids of the variables and results that `loss` depends on, found without computing anything. */
  reached(loss: Tensor): ReadonlySet<number> {
    const found = new Set([loss.id]);
    for (const { outputs, inputs } of this.backward) {
      if (outputs.some(({ id }) => found.has(id))) for (const [, { id }] of inputs) found.add(id);
    }
    return found;
  }

  dispose(): void {
    disposeSaved(this.#nodes);
  }
}

/** What depends on the variables, last first; the gradient of anything else (the batch itself) is never computed. */
function dependentLinks(nodes: readonly TapeNode[], variables: ReadonlySet<number>): readonly Link[] {
  const dependent = new Set(variables);
  const links = nodes.flatMap((node) => {
    const inputs = Object.entries(node.inputs).filter(([, { id }]) => dependent.has(id));
    if (inputs.length === 0) return [];
    for (const { id } of node.outputs) dependent.add(id);
    return [{ node, inputs, outputs: node.outputs }];
  });
  return links.reverse();
}

function noGradient(node: TapeNode): TrainingError {
  return new TrainingError(
    "no-gradient",
    `The model uses the operation ${node.kernelName}, for which TensorFlow.js has no gradient, so it cannot be trained. Replace the layer that uses it.`,
  );
}

function disposeSaved(nodes: readonly TapeNode[]): void {
  for (const { saved } of nodes) for (const tensor of saved ?? []) tensor.dispose();
}
