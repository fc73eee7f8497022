import type { Demand, MeanTracking, Remembered, SignDraws, StepInput, Weighing } from "../balancers/balancer.ts";
import { combine, flatten, isFinite, isFiniteSquare, type JacobianRow } from "./gradients/gram.ts";
import { crossGram, given, measure, norm, ofGram, type Measurable, type Measured } from "./gradients/measured.ts";
import { areApart } from "./gradients/near-dependence.ts";
import { commonProducts, commonRow, ownedRow, rowsOf, weightedOwnedRow, weightedRow } from "./gradients/per-task.ts";
import { productsOf } from "./gradients/products.ts";
import type { GradientStorage } from "./gradients/storage.ts";
import type { WayBack } from "./gradients/way-back.ts";
import type { HeldGradients } from "./passes/held-gradients.ts";
import type { BadValue } from "./non-finite.ts";
import { finished, type Present, type Proposal, type ProposalMoment, type ProposalParts } from "./proposal.ts";
import { heldAnswer, isLost, squaresOf, type HeldAnswer } from "./held-answer.ts";
import { since } from "./step-report.ts";
import { TrainingError } from "./training-error.ts";

/** A step, and the way back from its losses for those who have to walk it again. */
export interface Computed {
  readonly proposal: Proposal;
  /** Undefined where the gradients are stored anyhow. */
  readonly pass: WayBack | undefined;
}

export interface Refused {
  readonly bad: readonly BadValue[];
}

/** What a step goes by beside its own rows. */
export interface Before {
  readonly remembered: Remembered;
  /** Gradients of the same tasks on further rows, for methods that draw them. */
  readonly further: readonly (readonly JacobianRow[])[];
  readonly storage: GradientStorage;
}

/** The gradients of all tasks of a step. */
export interface EveryGradient {
  readonly rows: readonly JacobianRow[];
  readonly owned: readonly JacobianRow[];
  /** Products of the gradients for the representation. */
  readonly representation: () => readonly (readonly number[])[];
}

/** Computes what a step would do, with no more backward walks than the method asks for. Changes nothing. */
export class Proposer {
  readonly #parts: ProposalParts;
  readonly #lastLayer: readonly number[];

  constructor(parts: ProposalParts) {
    this.#parts = parts;
    const { common } = parts.parameters;
    // The last layer that all tasks reach; where there is none, the last of those that most do.
    const widest = Math.max(0, ...common.map(({ reach }) => reach.length));
    const last = common.findLast(({ reach }) => reach.length === widest)?.parameter.layer;
    this.#lastLayer = common.flatMap(({ parameter }, index) => (parameter.layer === last ? [index] : []));
  }

  /** From the way back over one batch, from the losses of the present tasks. */
  compute(
    pass: WayBack,
    present: readonly Present[],
    moment: ProposalMoment,
    { remembered, further, storage }: Before,
  ): Computed | Refused {
    const input = this.#input(present, moment, remembered);
    const demand = this.#parts.balancer.demand(input, remembered.state);
    // The gradient of one task alone is no more than its direction.
    const again = storage === "recompute" && pass.losses > 1 && this.#parts.parameters.common.length > 0;
    const quick = moment.track && !again ? undefined : this.#withOneWalk(pass, input, demand, remembered);
    const computed =
      quick ??
      (again
        ? this.#withProducts(pass, input, demand, remembered)
        : this.#withEveryGradient(this.#everyGradient(pass), input, demand, remembered, further));
    return "proposal" in computed ? { ...computed, pass } : computed;
  }

  /** From gradients that are there already. */
  computeFrom(
    every: EveryGradient,
    present: readonly Present[],
    moment: ProposalMoment,
    { remembered, further }: Before,
  ): Computed | Refused {
    const input = this.#input(present, moment, remembered);
    const demand = this.#parts.balancer.demand(input, remembered.state);
    const computed = this.#withEveryGradient(every, input, demand, remembered, further);
    return "proposal" in computed ? { ...computed, pass: undefined } : computed;
  }

  /**
   * The weights of a step whose gradients stay where they are, and how long it will be. Undefined where the method needs more of them, where a
   * value is not finite, or where the step must be looked at more closely for another reason. Changes nothing.
   */
  weighHeld(
    held: HeldGradients,
    pass: WayBack,
    present: readonly Present[],
    moment: ProposalMoment,
    remembered: Remembered,
  ): HeldAnswer | undefined {
    const { balancer, maxNormFactor } = this.#parts;
    const input = this.#input(present, moment, remembered);
    const { needs, only } = balancer.demand(input, remembered.state);
    const { tasks } = input;
    if (balancer.accumulators === "per-task") {
      const { common, owned } = held.apart();
      if (!common.every(isFiniteSquare)) return undefined;
      return this.#heldAnswer(this.#weigh(input, remembered.state), tasks, { common: undefined, owned });
    }
    if (balancer.signs !== undefined && !moment.track && maxNormFactor >= 1) return this.#masked(held, tasks, balancer.signs, remembered);
    // As the plain step: only the length of directions that keep the gradients' scale is bounded.
    if (balancer.means !== undefined && !moment.track && balancer.balancer.properties?.length !== 1) {
      return this.#alongMeans(held, input, balancer.means, remembered);
    }
    if (needs === "gradients" || only !== undefined) return undefined;
    if (needs === "losses" || balancer.level !== "parameters") {
      const measured = needs === "losses" ? {} : this.#shortWalks(pass, needs);
      if (measured === undefined) return undefined;
      const answer = this.#weigh({ ...input, ...measured }, remembered.state);
      // Where every task's gradient is read anyhow, one more walk for their sum would be too many.
      if (moment.track) {
        const { common, owned } = held.parts(answer.weights);
        // The direction is no longer than its parts together.
        const longest = common.reduce((sum, square, position) => sum + Math.abs(answer.weights[position] ?? 0) * Math.sqrt(square), 0);
        if (!common.every(isFiniteSquare) || !isFiniteSquare(longest ** 2)) return undefined;
        return this.#heldAnswer(answer, tasks, { common: undefined, owned });
      }
      return this.#heldAnswer(answer, tasks, held.sum(answer.weights));
    }
    const products = held.products(moment.track);
    const { gram, owned } = products;
    if (!gram.every((row, i) => isFiniteSquare(row[i] ?? Number.NaN)) || !owned.every(isFiniteSquare)) return undefined;
    if (!areApart(gram)) {
      held.giveUp();
      return undefined;
    }
    const measured = ofGram(gram, needs);
    const answer = this.#weigh({ ...input, ...measured }, remembered.state);
    const squares = squaresOf(products, answer.weights);
    const longest = maxNormFactor * (measured.norms ?? []).reduce((sum, each) => sum + each, 0);
    if (balancer.balancer.properties?.length === 1 && !(Math.sqrt(squares.common) <= longest)) return undefined;
    return this.#heldAnswer(answer, tasks, squares);
  }

  /** A masked sum is no longer than the gradients together. */
  #masked(held: HeldGradients, tasks: readonly number[], signs: SignDraws, { state }: Remembered): HeldAnswer | undefined {
    const { common, owned } = held.rows();
    if (!common.every(isFiniteSquare)) return undefined;
    const sizes = this.#parts.parameters.common.map(({ size }) => size);
    const { bits, ...answer } = signs.draw(
      state,
      tasks.length,
      sizes.reduce((sum, size) => sum + size, 0),
    );
    let end = 0;
    const parts = sizes.map((size) => bits.subarray(end, (end += size)));
    const made = this.#heldAnswer(answer, tasks, { common: undefined, owned });
    return made === undefined ? undefined : { ...made, signs: { masking: signs.masking, bits: parts } };
  }

  /** Along moving means of the gradients. */
  #alongMeans(held: HeldGradients, input: StepInput, means: MeanTracking, { state, buffers = {} }: Remembered): HeldAnswer | undefined {
    const { common, owned } = held.rows();
    if (!common.every(isFiniteSquare)) return undefined;
    const norms = common.map((square) => Math.sqrt(square));
    const paces = this.#asking(input, () => means.paces({ ...input, norms }, state));
    const moved = held.track(buffers, paces);
    if (moved?.gram.every((row, i) => isFiniteSquare(row[i] ?? Number.NaN)) !== true) return undefined;
    const { gram } = moved;
    const answer = this.#asking(input, () => means.weigh({ ...input, gram }, state));
    const squares = squaresOf({ gram, owned }, answer.weights);
    if (!isLost(squares.common, gram, answer.weights)) return this.#heldAnswer({ ...answer, buffers: moved.buffers }, input.tasks, squares);
    held.giveUp();
    return undefined;
  }

  #heldAnswer(
    answer: Weighing & Remembered,
    tasks: readonly number[],
    squares: Parameters<typeof heldAnswer>[1]["squares"],
  ): HeldAnswer | undefined {
    return heldAnswer(answer, { tasks, squares, ownedWeights: this.#ownedWeights(answer) });
  }

  #input(present: readonly Present[], moment: ProposalMoment, { buffers }: Remembered): StepInput {
    return {
      tasks: present.map(({ task }) => task),
      losses: present.map(({ value }) => value),
      ...since(moment, this.#parts.began),
      ...(buffers === undefined ? {} : { buffers }),
      ...(this.#parts.balancer.balancer.performance === true ? { performance: present.map(({ performance }) => performance ?? 0) } : {}),
    };
  }

  #everyGradient(pass: WayBack): EveryGradient {
    return {
      rows: Array.from({ length: pass.losses }, (_, position) => commonRow(pass, position, this.#parts.parameters)),
      owned: this.#ownedRows(pass),
      representation: () => productsOf(pass.representation()).gram(),
    };
  }

  #weigh(input: StepInput, state: Remembered["state"]): Weighing & Remembered {
    return this.#asking(input, () => this.#parts.balancer.weigh(input, state));
  }

  /** A method's refusal ends the training as a fault of the experiment, with its checkpoint, and not as one of the trainer. */
  #asking<T>(input: StepInput, ask: () => T): T {
    try {
      return ask();
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      throw new TrainingError(
        "balancer",
        `${this.#parts.balancer.balancer.title}, step ${this.#parts.began.step + input.step + 1}: ${error.message}`,
        {
          cause: error,
        },
      );
    }
  }

  /**
   * Where the method can do without the gradients of all tasks: their weights from the losses or from short walks, then one
   * whole walk of the weighted sum. Undefined where it cannot, or where a value is not finite and it must be found out whose.
   */
  #withOneWalk(
    pass: WayBack,
    input: StepInput,
    { needs, only }: Demand,
    remembered: Remembered,
  ): { readonly proposal: Proposal } | undefined {
    const { balancer, parameters } = this.#parts;
    const { tasks } = input;
    if (balancer.accumulators === "per-task") return undefined;
    if (needs === "gradients") {
      const [one] = only?.length === 1 ? only : [];
      if (one === undefined) return undefined;
      const row = commonRow(pass, tasks.indexOf(one), parameters);
      if (!isFinite([row, ...this.#ownedRows(pass)])) return undefined;
      const answer = this.#weigh({ ...input, gradients: [flatten(row, parameters.common)] }, remembered.state);
      const proposal = finished(this.#parts, answer, tasks, { owned: this.#ownedSum(pass, answer) });
      return isFinite([proposal.direction, proposal.owned]) ? { proposal } : undefined;
    }
    const measured = needs === "losses" ? {} : this.#shortWalks(pass, needs);
    if (measured === undefined) return undefined;
    const answer = this.#weigh({ ...input, ...measured }, remembered.state);
    const summed = weightedRow(pass, answer.weights, parameters);
    const owned = this.#ownedSum(pass, answer);
    return isFinite([summed, owned]) ? { proposal: finished(this.#parts, answer, tasks, { owned, summed }) } : undefined;
  }

  #ownedRows(pass: WayBack): readonly JacobianRow[] {
    return Array.from({ length: pass.losses }, (_, position) => ownedRow(pass, position, this.#parts.parameters));
  }

  /** What moves the heads. */
  #ownedSum(pass: WayBack, answer: Weighing): JacobianRow {
    return weightedOwnedRow(pass, this.#ownedWeights(answer), this.#parts.parameters);
  }

  #ownedWeights({ weights, headWeights }: Weighing): readonly number[] {
    return this.#parts.heads === "weighted" ? weights : (headWeights ?? weights.map(() => 1));
  }

  /** Norms or Gram matrix at a level that short walks reach; undefined where it takes whole ones, or is not finite. */
  #shortWalks(pass: WayBack, needs: Measurable): Measured | undefined {
    // What one task alone takes in is no common representation.
    if (this.#parts.balancer.level === "parameters" || pass.losses < 2) return undefined;
    const rows =
      this.#parts.balancer.level === "representation"
        ? pass.representation()
        : rowsOf(
            pass,
            this.#lastLayer.flatMap((index) => this.#parts.parameters.common[index] ?? []),
          );
    return isFinite(rows) ? measure(rows, needs) : undefined;
  }

  #withEveryGradient(
    every: EveryGradient,
    input: StepInput,
    { needs, only }: Demand,
    remembered: Remembered,
    further: readonly (readonly JacobianRow[])[],
  ): Pick<Computed, "proposal"> | Refused {
    const { parameters } = this.#parts;
    const { tasks } = input;
    const { rows } = every;
    const bad = tasks.flatMap((task, position): BadValue[] =>
      isFinite([rows[position] ?? [], every.owned[position] ?? []]) ? [] : [{ task, what: "gradient" }],
    );
    if (bad.length > 0) return { bad };
    const answer = this.#weigh(
      {
        ...input,
        // Where nothing is common, as with one task, what there is to measure is each task's own.
        ...this.#measured(every, parameters.common.length > 0 ? rows : every.owned, needs),
        ...(needs === "gradients"
          ? {
              gradients: rows
                .filter((_, position) => only?.includes(tasks[position] ?? -1) ?? true)
                .map((row) => flatten(row, parameters.common)),
            }
          : {}),
        ...crossGram(further),
      },
      remembered.state,
    );
    const everyone = tasks.map((task): BadValue => ({ task, what: "gradient" }));
    const owned = combine(every.owned, this.#ownedWeights(answer), parameters.owned.length);
    const proposal = finished(this.#parts, answer, tasks, { owned, rows, norms: () => rows.map(norm) });
    // Weights that are not finite, or a sum that overflows, are no task's own fault: all of them are in it.
    return isFinite([proposal.direction, owned]) ? { proposal } : { bad: everyone };
  }

  /**
   * As with every gradient, without keeping any: the products come of one walk in lock-step, and the direction of one more, for the
   * weighted sum.
   */
  #withProducts(pass: WayBack, input: StepInput, { needs }: Demand, remembered: Remembered): Pick<Computed, "proposal"> | Refused {
    const { parameters, balancer } = this.#parts;
    const { tasks } = input;
    if (needs === "gradients") throw new RangeError(`${balancer.balancer.title} asks for gradients where none are stored.`);
    const products = commonProducts(pass, parameters);
    const ownedRows = this.#ownedRows(pass);
    const bad = tasks.flatMap((task, position): BadValue[] =>
      isFiniteSquare(products.squaredNorm(position)) && isFinite([ownedRows[position] ?? []]) ? [] : [{ task, what: "gradient" }],
    );
    if (bad.length > 0) return { bad };
    const measured = needs === "losses" ? {} : balancer.level === "parameters" ? given(products, needs) : this.#shortWalks(pass, needs);
    const answer = this.#weigh({ ...input, ...measured }, remembered.state);
    if (answer.rows !== undefined) throw new RangeError(`${balancer.balancer.title} changes gradients where none are stored.`);
    const summed = weightedRow(pass, answer.weights, parameters);
    const owned = this.#ownedSum(pass, answer);
    const norms = (): readonly number[] => tasks.map((_, position) => Math.sqrt(products.squaredNorm(position)));
    const proposal = finished(this.#parts, answer, tasks, { owned, summed, norms });
    return isFinite([proposal.direction, owned]) ? { proposal } : { bad: tasks.map((task): BadValue => ({ task, what: "gradient" })) };
  }

  #measured({ representation }: EveryGradient, rows: readonly JacobianRow[], needs: Demand["needs"]): Measured {
    const { accumulators, level } = this.#parts.balancer;
    if (needs === "losses" || accumulators === "per-task") return {};
    if (level === "parameters" || rows.length < 2) return measure(rows, needs);
    if (level === "representation") return ofGram(representation(), needs);
    return measure(
      rows.map((row) => this.#lastLayer.map((index) => row[index])),
      needs,
    );
  }
}
