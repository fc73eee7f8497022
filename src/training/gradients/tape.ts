import { add, engine, mul, ones, scalar, tidy, zeros, type Tensor, type TensorContainer, type Variable } from "@tensorflow/tfjs-core";
import { TrainingError } from "../training-error.ts";

type TapeNode = ReturnType<typeof engine>["state"]["activeTape"][number];

/** One operation of the forward pass that depends on a parameter, with only the inputs that do. */
interface Link {
  readonly node: TapeNode;
  readonly inputs: readonly (readonly [name: string, tensor: Tensor])[];
}

/** Where a backward walk begins: a scalar, and the factor of its gradient. */
export interface Seed {
  readonly loss: Tensor;
  readonly weight: number;
}

/**
 * A forward pass that was recorded once and can be walked backward as often as needed, where TensorFlow.js's own
 * `variableGrads` walks once and forgets. The walks give the same numbers, bit for bit, as one `variableGrads` each.
 * Whoever records disposes: the tape keeps what the gradients need of the forward pass.
 */
export class Tape {
  readonly #nodes: readonly TapeNode[];
  readonly #links: readonly Link[];
  /** Ids of the variables that the forward pass used. */
  readonly #variables: ReadonlySet<number>;
  #walks = 0;

  private constructor(nodes: readonly TapeNode[], variables: readonly Variable[]) {
    this.#nodes = nodes;
    this.#links = dependentLinks(nodes, variables);
    this.#variables = new Set(variables.map(({ id }) => id));
  }

  /** Runs `forward` and records it. Its result belongs to the caller; gradients are those of `variables`. */
  static record<T extends TensorContainer>(variables: readonly Variable[], forward: () => T): { readonly tape: Tape; readonly value: T } {
    const { state } = engine();
    if (state.gradientDepth !== 0) throw new Error("A tape cannot be recorded while another records.");
    const nodes: TapeNode[] = [];
    state.activeTape = nodes;
    state.gradientDepth = 1;
    try {
      const value = tidy(forward);
      return { tape: new Tape(nodes, variables), value };
    } catch (error) {
      disposeSaved(nodes);
      throw error;
    } finally {
      state.gradientDepth = 0;
      state.activeTape = [];
    }
  }

  /** Backward walks made so far. */
  get walks(): number {
    return this.#walks;
  }

  /** Gradient of `loss` for every variable it depends on, by variable id. The caller disposes them. */
  walk(loss: Tensor): Map<number, Tensor> {
    return this.#walk(
      () => [[loss, ones([])]],
      (gradient) => gradient,
    );
  }

  /**
   * One walk for the weighted sum of several losses. With `ownUnweighted`, what only one of the losses depends on gets
   * that loss's own gradient: the weight is multiplied in where the walk crosses to what several losses depend on.
   */
  walkSum(seeds: readonly Seed[], ownUnweighted: boolean): Map<number, Tensor> {
    if (!ownUnweighted) {
      return this.#walk(
        () => seeds.map(({ loss, weight }) => [loss, scalar(weight)]),
        (gradient) => gradient,
      );
    }
    const owners = this.#owners(seeds.map(({ loss }) => loss));
    return this.#walk(
      () => seeds.map(({ loss }) => [loss, ones([])]),
      (gradient, node, input) => {
        const owner = ownerOf(node, owners);
        const seed = owner === undefined || owners.get(input.id) === owner ? undefined : seeds[owner];
        return seed === undefined ? gradient : mul(gradient, scalar(seed.weight));
      },
    );
  }

  /** Ids of the variables and results that `loss` depends on, found without computing anything. */
  reached(loss: Tensor): ReadonlySet<number> {
    const found = new Set([loss.id]);
    for (const { node, inputs } of this.#backward()) {
      if (node.outputs.some(({ id }) => found.has(id))) for (const [, { id }] of inputs) found.add(id);
    }
    return found;
  }

  /**
   * The same forward pass as seen from fewer variables: its walks end where nothing depends on them any more. It lives as
   * long as this tape, which disposes it.
   */
  narrowed(variables: readonly Variable[]): Tape {
    return new Tape(this.#nodes, variables);
  }

  /**
   * Gradients of each loss for the representation: what several losses depend on and only one of them takes in, as the
   * trunk's output that the heads take in. One row a loss, a block a tensor of the representation (undefined where that
   * loss does not take it in); rows without blocks where the losses have nothing in common. Walks through the heads alone.
   */
  representation(losses: readonly Tensor[]): readonly (readonly (Float32Array | undefined)[])[] {
    const owners = this.#owners(losses);
    const crossings: number[] = [];
    const rows = losses.map((loss, position) => {
      const row = new Map<number, Float32Array>();
      tidy(() => {
        const arrived = this.#walkHead(loss, position, owners);
        for (const [id, gradient] of arrived) {
          if (!crossings.includes(id)) crossings.push(id);
          row.set(id, gradient.dataSync<"float32">());
        }
      });
      return row;
    });
    return rows.map((row) => crossings.map((id) => row.get(id)));
  }

  /** What of a loss's gradient arrives at tensors that other losses depend on too; variables are no representation. */
  #walkHead(loss: Tensor, position: number, owners: ReadonlyMap<number, number | undefined>): ReadonlyMap<number, Tensor> {
    const gradients = new Map<number, Tensor>([[loss.id, ones([])]]);
    const arrived = new Map<number, Tensor>();
    for (const { node, inputs } of this.#backward()) {
      if (ownerOf(node, owners) !== position || !node.outputs.some(({ id }) => gradients.has(id))) continue;
      const ofInputs = gradientFunction(node)(node.outputs.map((output) => gradients.get(output.id) ?? zeros(output.shape)));
      for (const [name, input] of inputs) {
        if (this.#variables.has(input.id)) continue;
        const makeGradient = ofInputs[name];
        if (makeGradient === undefined) throw noGradient(node);
        const into = owners.get(input.id) === position ? gradients : arrived;
        const before = into.get(input.id);
        const gradient = tidy(makeGradient);
        into.set(input.id, before === undefined ? gradient : add(before, gradient));
      }
    }
    return arrived;
  }

  dispose(): void {
    disposeSaved(this.#nodes);
  }

  #walk(
    seeds: () => readonly (readonly [Tensor, Tensor])[],
    passed: (gradient: Tensor, node: TapeNode, input: Tensor) => Tensor,
  ): Map<number, Tensor> {
    this.#walks += 1;
    const gradients = new Map<number, Tensor>();
    tidy(() => {
      for (const [loss, gradient] of seeds()) gradients.set(loss.id, gradient);
      for (const { node, inputs } of this.#backward()) {
        if (!node.outputs.some(({ id }) => gradients.has(id))) continue;
        const ofInputs = gradientFunction(node)(node.outputs.map((output) => gradients.get(output.id) ?? zeros(output.shape)));
        for (const [name, input] of inputs) {
          const makeGradient = ofInputs[name];
          if (makeGradient === undefined) throw noGradient(node);
          const gradient = passed(tidy(makeGradient), node, input);
          const before = gradients.get(input.id);
          gradients.set(input.id, before === undefined ? gradient : add(before, gradient));
        }
      }
      for (const id of gradients.keys()) if (!this.#variables.has(id)) gradients.delete(id);
      return [...gradients.values()];
    });
    return gradients;
  }

  /** For every result: the position of the only loss that depends on it, or undefined where several do. */
  #owners(losses: readonly Tensor[]): Map<number, number | undefined> {
    const owners = new Map<number, number | undefined>(losses.map(({ id }, position) => [id, position]));
    for (const { node, inputs } of this.#backward()) {
      if (!node.outputs.some(({ id }) => owners.has(id))) continue;
      const owner = ownerOf(node, owners);
      for (const [, { id }] of inputs) owners.set(id, owners.has(id) && owners.get(id) !== owner ? undefined : owner);
    }
    return owners;
  }

  *#backward(): Generator<Link> {
    for (let i = this.#links.length - 1; i >= 0; i--) {
      const link = this.#links[i];
      if (link !== undefined) yield link;
    }
  }
}

function ownerOf(node: TapeNode, owners: ReadonlyMap<number, number | undefined>): number | undefined {
  const reached = node.outputs.filter(({ id }) => owners.has(id)).map(({ id }) => owners.get(id));
  const [first] = reached;
  return reached.every((owner) => owner === first) ? first : undefined;
}

/** What depends on the parameters; the gradient of anything else (the batch itself) is never computed. */
function dependentLinks(nodes: readonly TapeNode[], variables: readonly Variable[]): readonly Link[] {
  const dependent = new Set(variables.map(({ id }) => id));
  return nodes.flatMap((node) => {
    const inputs = Object.entries(node.inputs).filter(([, { id }]) => dependent.has(id));
    if (inputs.length === 0) return [];
    for (const { id } of node.outputs) dependent.add(id);
    return [{ node, inputs }];
  });
}

function gradientFunction(node: TapeNode): NonNullable<TapeNode["gradient"]> {
  if (node.gradient === undefined) throw noGradient(node);
  return node.gradient;
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
