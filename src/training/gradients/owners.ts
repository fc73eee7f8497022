import type { Tensor } from "@tensorflow/tfjs-core";
import type { Link, Tape } from "./tape.ts";

/** An operation on the way back. */
export interface Stage {
  readonly link: Link;
  /** Position of the only loss that depends on it; undefined where several do. */
  readonly loss: number | undefined;
  /** Variables whose gradients are complete after it: no operation that the way back comes to takes them in. */
  readonly completes: readonly number[];
}

/** Which of several losses depends on a result or variable, and the way back from all of them. */
export class Owners {
  /** Position of the only loss by tensor id; undefined where several depend on it. */
  readonly #ofTensor: Map<number, number | undefined>;
  /** All operations that a loss depends on, last one first. */
  readonly stages: readonly Stage[];

  constructor(tape: Tape, losses: readonly Tensor[]) {
    this.#ofTensor = new Map(losses.map(({ id }, position) => [id, position]));
    const links: { readonly link: Link; readonly loss: number | undefined }[] = [];
    for (const link of tape.backward) {
      if (!link.outputs.some(({ id }) => this.#ofTensor.has(id))) continue;
      const loss = this.#ofOutputs(link);
      links.push({ link, loss });
      for (const [, { id }] of link.inputs) this.#ofTensor.set(id, this.#ofTensor.has(id) && this.of(id) !== loss ? undefined : loss);
    }
    const open = new Set(tape.variables);
    const completes = links.map(() => [] as number[]);
    for (let i = links.length - 1; i >= 0; i--) {
      for (const [, { id }] of links[i]?.link.inputs ?? []) if (open.delete(id)) completes[i]?.push(id);
    }
    this.stages = links.map((each, i) => ({ ...each, completes: completes[i] ?? [] }));
  }

  /** The only loss that depends on a tensor; undefined where none or several do. */
  of(id: number): number | undefined {
    return this.#ofTensor.get(id);
  }

  #ofOutputs({ outputs }: Link): number | undefined {
    const [only] = outputs;
    if (outputs.length === 1 && only !== undefined) return this.of(only.id);
    const reached = outputs.filter(({ id }) => this.#ofTensor.has(id)).map(({ id }) => this.of(id));
    const [first] = reached;
    return reached.every((loss) => loss === first) ? first : undefined;
  }
}

/** The part of the way back that leads to some of the variables: it ends where nothing depends on them any more. */
export function leadingTo(stages: readonly Stage[], variables: ReadonlySet<number>): readonly Stage[] {
  const dependent = new Set(variables);
  const kept = stages.toReversed().flatMap(({ link, loss, completes }): Stage[] => {
    const inputs = link.inputs.filter(([, { id }]) => dependent.has(id));
    if (inputs.length === 0) return [];
    for (const { id } of link.outputs) dependent.add(id);
    return [{ link: { ...link, inputs }, loss, completes: completes.filter((id) => variables.has(id)) }];
  });
  return kept.reverse();
}
