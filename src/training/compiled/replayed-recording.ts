import { tensor } from "@tensorflow/tfjs-core";
import type { WasmHeap } from "../backend/wasm-heap.ts";
import type { Batch } from "../batches.ts";
import { drawn } from "../model/noise.ts";
import type { Pass } from "../passes/pass.ts";
import type { OperationWatch } from "../passes/recordings.ts";
import { CompiledWay, present } from "./compiled-way.ts";
import type { HeapUpdate } from "./heap-update.ts";
import type { KernelNode } from "./kernel-node.ts";
import type { Recording } from "./pass-compiler.ts";
import { isWorthHolding, type Habits } from "./habits.ts";
import { everyGradient, fedAs, valuesFed, type RecordedPass, type RecordingParts } from "./recorded-pass.ts";
import { ReplayMemory } from "./replay-memory.ts";
import { ReplayedHold } from "./replayed-hold.ts";
import type { UpdateParts } from "./update-layout.ts";
import { ReplayPlan } from "./replay-plan.ts";
import { ReplayedRun, type ReplayHolder } from "./replayed-run.ts";
import { tellsTheSame, weightsToCompare } from "./same-pass.ts";

/** A recording that would hold more of the wasm backend's memory is refused. */
const mostBytes = 2 ** 30;

/** What moves the parameters where the gradients are. */
export interface ReplayedMover {
  readonly update: HeapUpdate;
  readonly moved: UpdateParts;
}

export interface ReplayedParts {
  readonly heap: WasmHeap;
  readonly recorded: RecordedPass<KernelNode>;
  readonly habits: Habits;
  /** Undefined where the gradients cannot move the parameters where they are. */
  readonly mover: ReplayedMover | undefined;
}

/**
 * A recording whose kernels are called again without the engine. Whatever a pass is asked for, and in whatever order, is computed by the
 * same kernels from the same values, so that nothing needs to be known beforehand.
 */
export class ReplayedRecording implements Recording {
  readonly #recorded: RecordedPass<KernelNode>;
  readonly #memory: ReplayMemory;
  readonly #plan: ReplayPlan;
  /** What passes were asked for: told where a step is explained, and whether gradients were held in vain. */
  readonly #habits: Habits;
  readonly #mover: ReplayedMover | undefined;
  readonly #holder: ReplayHolder = { current: undefined };

  constructor({ heap, recorded, habits, mover }: ReplayedParts) {
    this.#mover = mover;
    this.#habits = habits;
    const { nodes, back, checks, outputs, losses, statistics } = recorded;
    const wanted = [...checks, ...outputs, ...present(losses), ...statistics, ...everyGradient(back)];
    this.#recorded = recorded;
    this.#memory = new ReplayMemory(heap, mostBytes);
    try {
      this.#plan = new ReplayPlan(this.#memory, nodes, wanted, new Set(back.alone.map((_, position) => fedAs.weight(position))));
    } catch (error) {
      this.#memory.keepOnly(new Set());
      throw error;
    }
  }

  forward(parts: RecordingParts, batch: Batch, habit: string): Pass | undefined {
    const { checks, outputs, losses, statistics, back } = this.#recorded;
    const run = this.#start(parts, batch);
    run.compute([...checks, ...outputs, ...present(losses), ...statistics]);
    if (!checks.every((name) => Number.isFinite(run.number(name)))) {
      run.end();
      return undefined;
    }
    parts.model.statistics.forEach(({ variable }, index) => {
      const moved = tensor(run.values(statistics[index] ?? ""), variable.shape);
      variable.assign(moved);
      moved.dispose();
    });
    const way = new CompiledWay(back, run);
    let hold: ReplayedHold | undefined;
    return {
      outputs: outputs.map((name) => run.values(name)),
      losses: losses.map((name) => (name === undefined ? undefined : run.number(name))),
      get walks() {
        return way.walks;
      },
      back: () => way,
      hold: () => {
        if (this.#mover === undefined || !isWorthHolding(this.#habits.get(habit))) return undefined;
        return (hold ??= new ReplayedHold({ way, run, recorded: back, ...this.#mover }));
      },
      dispose: () => {
        this.#habits.learn(habit, {
          names: [...way.asked],
          held: [...(hold?.asked ?? [])],
          weights: way.weights,
          inVain: hold?.inVain ?? false,
        });
        run.end();
      },
    };
  }

  losses(parts: RecordingParts, batch: Batch): readonly (number | undefined)[] | undefined {
    const { checks, losses } = this.#recorded;
    const run = this.#start(parts, batch);
    run.compute([...checks, ...present(losses)]);
    run.end();
    if (!checks.every((name) => Number.isFinite(run.number(name)))) return undefined;
    return losses.map((name) => (name === undefined ? undefined : run.number(name)));
  }

  agreesWith(plain: Pass, parts: RecordingParts, batch: Batch): boolean | undefined {
    const { checks, outputs, losses, back } = this.#recorded;
    const run = this.#start(parts, batch);
    try {
      run.compute([...checks, ...outputs, ...present(losses)]);
      if (![...checks, ...present(losses)].every((name) => Number.isFinite(run.number(name)))) return undefined;
      const told = { run, way: new CompiledWay(back, run), outputs, losses, weights: weightsToCompare(back) };
      if (!tellsTheSame(plain, told, parts)) return false;
      // All has been asked for at least once and fits; from now on, what is asked for decides.
      this.#memory.most = Number.POSITIVE_INFINITY;
      this.#plan.forget();
      return true;
    } finally {
      run.end();
    }
  }

  get operations(): number {
    return this.#recorded.nodes.filter(({ operation }) => operation !== "Placeholder" && operation !== "Const").length;
  }

  eachOperation(parts: RecordingParts, batch: Batch, habit: string, watch: OperationWatch): void {
    const { checks, outputs, losses, statistics, back } = this.#recorded;
    const before = this.#habits.get(habit);
    const known = new Set(everyGradient(back));
    const run = this.#start(parts, batch);
    run.weigh(before?.weights ?? back.alone.map(() => 1), []);
    const asked = [...(before?.names ?? []), ...(before?.held ?? [])].filter((name) => known.has(name));
    run.compute([...checks, ...outputs, ...present(losses), ...statistics, ...asked], { watch });
    run.end();
  }

  dispose(): void {
    this.#plan.dispose();
  }

  #start({ model }: RecordingParts, batch: Batch): ReplayedRun {
    const noise = this.#recorded.noise.map((noise) => drawn(noise));
    return new ReplayedRun(this.#plan, this.#holder, valuesFed(model, batch), noise);
  }
}
