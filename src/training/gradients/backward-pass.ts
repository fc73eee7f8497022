import { mul, ones, scalar, tidy, type Tensor } from "@tensorflow/tfjs-core";
import { inTensorScope } from "../tensor-scope.ts";
import { leadingTo, Owners, type Stage } from "./owners.ts";
import { Pending } from "./pending.ts";
import type { Link, Tape } from "./tape.ts";
import type { LockStepVisitor, OwnGradient, VariableGradients, WayBack } from "./way-back.ts";

/**
 * The way back from several losses over one tape, in two parts that meet at the crossings: the results and variables that several
 * losses depend on, where an operation takes them in on which only one loss depends.
 *
 * The heads, from the losses to the crossings, are walked once, when this is made; no walk enters them again. The trunk, from the
 * crossings on, is walked as often as gradients are asked for: once for a weighted sum, once for each loss, or for all losses in
 * lock-step, so that of each variable all gradients are there at once and no two variables' need to be.
 *
 * Its tensors live as long as the tensor scope in which it was made.
 */
export class BackwardPass<V = Float32Array> implements WayBack<V> {
  readonly losses: number;
  readonly #tape: Tape;
  readonly #owners: Owners;
  /** Operations that several losses depend on, last one first. */
  readonly #trunk: readonly Stage[];
  /** Gradients of each loss at the crossings. */
  readonly #crossings: readonly Pending[];
  readonly #own = new Map<number, OwnGradient<V>>();
  readonly #read: (gradient: Tensor) => V;

  private constructor(tape: Tape, losses: readonly Tensor[], read: (gradient: Tensor) => V) {
    this.losses = losses.length;
    this.#tape = tape;
    this.#read = read;
    this.#owners = new Owners(tape, losses);
    this.#trunk = this.#owners.stages.filter(({ loss }) => loss === undefined);
    this.#crossings = losses.map(() => new Pending());
    tidy(() => {
      this.#walkHeads(losses);
      return this.#crossings.flatMap((each) => each.tensors());
    });
    // Alone, a loss meets no other: all of it is head.
    if (losses.length === 1) tape.walks += 1;
  }

  static from(tape: Tape, losses: readonly Tensor[]): BackwardPass {
    return new BackwardPass(tape, losses, (gradient) => gradient.dataSync<"float32">());
  }

  /** Nothing but `read` looks into a gradient, which lives no longer than that takes. */
  static reading<V>(tape: Tape, losses: readonly Tensor[], read: (gradient: Tensor) => V): BackwardPass<V> {
    return new BackwardPass(tape, losses, read);
  }

  get own(): ReadonlyMap<number, OwnGradient<V>> {
    return this.#own;
  }

  representation(): readonly (readonly (V | undefined)[])[] {
    const ids = new Set(this.#crossings.flatMap((each) => [...each.ids()]).filter((id) => !this.#tape.variables.has(id)));
    return this.#crossings.map((each) =>
      [...ids].map((id) => {
        const gradient = each.get(id);
        return gradient === undefined ? undefined : this.#read(gradient);
      }),
    );
  }

  summed(weights: readonly number[]): VariableGradients<V> {
    return inTensorScope(() => this.summedBy(weights.map((weight) => (weight === 1 ? undefined : scalar(weight)))));
  }

  /** As `summed`, with weights on the engine; a missing one is 1. */
  summedBy(weights: readonly (Tensor | undefined)[]): VariableGradients<V> {
    this.#tape.walks += 1;
    return inTensorScope(() => {
      const pending = new Pending();
      // Backwards, as the way back meets the heads.
      for (let position = this.losses - 1; position >= 0; position--) {
        const weight = weights[position];
        this.#crossings[position]?.lendTo(pending, (gradient) => (weight === undefined ? gradient : mul(gradient, weight)));
      }
      return this.#walkTrunk(pending);
    });
  }

  alone(position: number): VariableGradients<V> {
    this.#tape.walks += 1;
    return inTensorScope(() => this.#walkTrunk(this.#from(position)));
  }

  /**
   * Walks the trunk for all losses at once, operation by operation, and tells of each variable that several losses depend on as
   * soon as its gradients are complete. With `variables`, of these alone, and no farther down than they are; not counted as walks.
   */
  inLockStep(visit: LockStepVisitor<V>, variables?: ReadonlySet<number>): void {
    if (variables === undefined && this.losses > 1) this.#tape.walks += this.losses;
    inTensorScope(() => {
      const pending = this.#crossings.map((_, position) => this.#from(position));
      this.#walk(pending, visit, variables);
    });
  }

  /** The gradients of one loss at the crossings. */
  #from(position: number): Pending {
    const pending = new Pending();
    this.#crossings[position]?.lendTo(pending, (gradient) => gradient);
    return pending;
  }

  #walkTrunk(pending: Pending): VariableGradients<V> {
    const gradients = new Map<number, V>();
    this.#walk([pending], (id, [gradient]) => {
      if (gradient !== undefined) gradients.set(id, gradient);
    });
    return gradients;
  }

  /** Takes the way back for each `pending`, operation by operation. */
  #walk(pending: readonly Pending[], visit: LockStepVisitor<V>, variables?: ReadonlySet<number>): void {
    const wanted = variables ?? this.#tape.variables;
    const tell = (id: number): void => {
      if (!pending.some((each) => each.has(id))) return;
      visit(
        id,
        pending.map((each) => each.takeRead(id, this.#read)),
      );
    };
    for (const { link, completes } of variables === undefined ? this.#trunk : leadingTo(this.#trunk, variables)) {
      for (const each of pending) pass(this.#tape, link, each);
      for (const id of completes) tell(id);
    }
    // What heads take in, each by itself, may be completed by none of the trunk's operations.
    for (const id of new Set(pending.flatMap((each) => [...each.ids()]))) if (wanted.has(id)) tell(id);
  }

  #walkHeads(losses: readonly Tensor[]): void {
    const pending = new Pending();
    for (const { id } of losses) pending.add(id, ones([]));
    for (const { link, loss, completes } of this.#owners.stages) {
      if (loss === undefined) this.#cross(link, pending);
      else pass(this.#tape, link, pending, (id) => (this.#owners.of(id) === loss ? pending : this.#crossings[loss]));
      for (const id of completes) {
        const owner = this.#owners.of(id);
        const values = pending.takeRead(id, this.#read);
        if (values !== undefined && owner !== undefined) this.#own.set(id, { loss: owner, values });
      }
    }
  }

  /** Where an operation of the trunk has results that one loss alone depends on, these are crossings. */
  #cross({ outputs }: Link, pending: Pending): void {
    for (const { id } of outputs) {
      const owner = this.#owners.of(id);
      const gradient = owner === undefined ? undefined : pending.take(id);
      if (owner !== undefined && gradient !== undefined) this.#crossings[owner]?.add(id, gradient);
    }
  }
}

/** Takes the gradients of an operation's results out and puts in those of its inputs; nothing where there are none. */
function pass(tape: Tape, link: Link, from: Pending, to?: (id: number) => Pending | undefined): void {
  const { outputs, inputs } = link;
  if (!outputs.some(({ id }) => from.has(id))) return;
  const gradients = outputs.map(({ id }) => from.get(id));
  const passed = tape.passed(link, gradients);
  for (let i = 0; i < passed.length; i++) {
    const [gradient, input] = [passed[i], inputs[i]?.[1]];
    if (gradient !== undefined && input !== undefined) (to === undefined ? from : to(input.id))?.add(input.id, gradient);
  }
  for (const { id } of outputs) from.drop(id);
}
