import type { Batch } from "./batches.ts";
import type { Pass } from "./passes/pass.ts";
import type { JacobianRow } from "./gradients/gram.ts";
import { commonRow, ownedRow, type ParameterSet } from "./gradients/per-task.ts";
import { productsOf } from "./gradients/products.ts";
import { WeightedMean } from "./gradients/weighted-mean.ts";
import type { Observation, ObservationParts } from "./observation.ts";
import { Performance } from "./performance.ts";
import type { Present, ProposalMoment } from "./proposal.ts";
import type { Before, Computed, Proposer, Refused } from "./proposer.ts";
import { inTensorScope } from "./tensor-scope.ts";

/** Batches of one step, each put on the engine when it is its turn, and again when it is looked at again. */
export type Window = readonly (() => Batch)[];

export interface WindowParts extends ObservationParts {
  readonly parameters: ParameterSet;
  /** Whether the method measures gradients of the representation. */
  readonly atRepresentation: boolean;
}

/** What the rows of a window tell of one task. */
class TaskSum {
  labelled = 0;
  loss = 0;
  readonly common = new WeightedMean();
  readonly owned = new WeightedMean();
  readonly performance: Performance | undefined;

  constructor(performance: Performance | undefined) {
    this.performance = performance;
  }
}

/**
 * A window of batches, seen one after the other, as one batch of all its rows: with m_b labelled rows of the task in batch b and M = Σ m_b,
 *
 *   L = Σ_b m_b L_b / M,   g = Σ_b m_b g_b / M,   and of the representation  G_ij = Σ_b m_ib m_jb G_ij,b / (M_i M_j)
 *
 * since a batch's loss is the mean over its labelled rows. Every task's gradient is walked in every batch, whatever the method needs: its
 * weights may depend on the losses of rows that are still to come. No more is kept than one row of gradients a task.
 */
export class WindowObservation implements Observation {
  readonly losses: readonly (number | undefined)[];
  readonly outputs: readonly (readonly Float32Array[])[];
  readonly present: readonly Present[];
  walks = 0;
  readonly #parts: WindowParts;
  readonly #window: Window;
  readonly #sums: readonly TaskSum[];
  /** Σ_b m_ib m_jb G_ij,b */
  readonly #representation: number[][];
  readonly #common = new Map<number, JacobianRow>();
  readonly #owned = new Map<number, JacobianRow>();

  constructor(parts: WindowParts, window: Window) {
    this.#parts = parts;
    this.#window = window;
    this.#sums = parts.tasks.map((task) => new TaskSum(parts.asksPerformance ? new Performance(task) : undefined));
    this.#representation = parts.tasks.map(() => parts.tasks.map(() => 0));
    this.outputs = window.map((make) => inTensorScope(() => this.#see(make())));
    this.losses = this.#sums.map(({ labelled, loss }) => (labelled > 0 ? loss / labelled : undefined));
    this.#sums.forEach(({ labelled, common, owned }, task) => {
      if (labelled === 0) return;
      this.#common.set(task, common.take());
      this.#owned.set(task, owned.take());
    });
    this.present = this.losses.flatMap((value, task): Present[] => {
      if (value === undefined) return [];
      const performance = this.#sums[task]?.performance?.value;
      return [{ task, value, ...(performance === undefined ? {} : { performance }) }];
    });
  }

  /** The gradients of the common parameters, by task. */
  get common(): ReadonlyMap<number, JacobianRow> {
    return this.#common;
  }

  compute(proposer: Proposer, present: readonly Present[], moment: ProposalMoment, before: Before): Computed | Refused {
    const tasks = present.map(({ task }) => task);
    const every = {
      rows: tasks.map((task) => this.#common.get(task) ?? []),
      owned: tasks.map((task) => this.#owned.get(task) ?? []),
      representation: () => tasks.map((i) => tasks.map((j) => this.#product(i, j))),
    };
    return proposer.computeFrom(every, present, moment, before);
  }

  again(tasks: readonly number[]): readonly number[] {
    const sums = tasks.map(() => 0);
    for (const make of this.#window) {
      inTensorScope(() => {
        const batch = make();
        const losses = this.#parts.passes.losses(batch);
        tasks.forEach((task, position) => {
          const value = losses[task];
          if (value !== undefined) sums[position] = (sums[position] ?? 0) + value * (batch.targets[task]?.labelled ?? 0);
        });
      });
    }
    return tasks.map((task, position) => (sums[position] ?? Number.NaN) / (this.#sums[task]?.labelled ?? 0));
  }

  /** Sums of several batches are on plain arrays. */
  hold(): undefined {
    return undefined;
  }

  back(): undefined {
    return undefined;
  }

  /** Nothing of it is on the engine. */
  dispose(): void {
    this.#common.clear();
    this.#owned.clear();
  }

  #see(batch: Batch): readonly Float32Array[] {
    const pass = this.#parts.passes.forward(batch, { standIns: this.#parts.atRepresentation, kind: "window" });
    try {
      this.#add(batch, pass);
      this.#sums.forEach(({ performance }, task) => {
        const [output, target] = [pass.outputs[task], batch.targets[task]];
        if (output !== undefined && target !== undefined) performance?.add(output, target.truth, target.present);
      });
      this.walks += pass.walks;
      return pass.outputs;
    } finally {
      pass.dispose();
    }
  }

  #add(batch: Batch, pass: Pass): void {
    const { parameters, atRepresentation } = this.#parts;
    const seeds = pass.losses.flatMap((loss, task) => {
      if (loss === undefined && !atRepresentation) return [];
      return [{ task, loss: loss ?? Number.NaN, labelled: loss === undefined ? 0 : (batch.targets[task]?.labelled ?? 0) }];
    });
    if (seeds.every(({ labelled }) => labelled === 0)) return;
    const back = pass.back(seeds.map(({ task }) => task));
    seeds.forEach(({ task, loss, labelled }, position) => {
      const own = this.#sums[task];
      if (labelled === 0 || own === undefined) return;
      own.labelled += labelled;
      own.loss += labelled * loss;
      own.common.add(commonRow(back, position, parameters), labelled);
      own.owned.add(ownedRow(back, position, parameters), labelled);
    });
    if (atRepresentation) this.#addProducts(productsOf(back.representation()).gram(), seeds);
  }

  #addProducts(gram: readonly (readonly number[])[], seeds: readonly { readonly task: number; readonly labelled: number }[]): void {
    seeds.forEach((one, i) => {
      const row = this.#representation[one.task];
      seeds.forEach((other, j) => {
        if (row !== undefined) row[other.task] = (row[other.task] ?? 0) + one.labelled * other.labelled * (gram[i]?.[j] ?? 0);
      });
    });
  }

  #product(i: number, j: number): number {
    return (this.#representation[i]?.[j] ?? 0) / ((this.#sums[i]?.labelled ?? 0) * (this.#sums[j]?.labelled ?? 0));
  }
}
