import { tensor } from "@tensorflow/tfjs-core";
import type { Batch } from "../batches.ts";
import type { Pass } from "../passes/pass.ts";
import type { OperationWatch } from "../passes/recordings.ts";
import { agrees } from "./agreement.ts";
import { CheckedGraph, type Distrust } from "./checked-graph.ts";
import { CompiledWay, present } from "./compiled-way.ts";
import { CompiledHold, type Mover } from "./compiled-hold.ts";
import { GraphRun } from "./graph-run.ts";
import { GraphValues } from "./graph-values.ts";
import { heldNodes, type HeldValues } from "./held-nodes.ts";
import type { Habits } from "./habits.ts";
import type { NativeBackend } from "./native-binding.ts";
import { fedAs, tensorsFed, type RecordedPass, type RecordedWay, type RecordingParts } from "./recorded-pass.ts";

export interface OpenParts {
  readonly native: NativeBackend;
  readonly recorded: RecordedPass;
  /** What trains. */
  readonly variables: RecordingParts["variables"];
  readonly habits: Habits;
  readonly distrust: Distrust;
  /** Undefined where the gradients cannot move the parameters where they are. */
  readonly mover: Mover | undefined;
}

/** Where gradients were held in vain so often, it is tried again only once in many passes. */
const mostVain = 3;
const passesToTryAgain = 64;

/**
 * A recording that TensorFlow has loaded. Where what a pass will be asked for is known before, one run computes all of it; else a first run
 * goes as far as the losses, and keeps what the way back starts from.
 */
export class CompiledRecording {
  readonly #native: NativeBackend;
  readonly #recorded: RecordedPass;
  readonly #graph: CheckedGraph;
  readonly #cut: readonly string[];
  readonly #held: HeldValues;
  readonly #mover: Mover | undefined;
  readonly #habits: Habits;

  constructor({ native, recorded, variables, habits, distrust, mover }: OpenParts) {
    this.#mover = mover;
    const { nodes, boundary, back, checks, outputs, losses, statistics } = recorded;
    const gradients = everyGradient(back);
    this.#native = native;
    this.#habits = habits;
    this.#recorded = recorded;
    this.#cut = new GraphValues(nodes).cutBefore(boundary, gradients);
    const sizes = new Map(variables.map(({ id, size }) => [id, size]));
    this.#held = heldNodes(back, sizes);
    const { packed, products, sumSquare, ownSquares, aloneSquares } = this.#held;
    const others = [
      ...packed.values(),
      ...present([products, sumSquare, ...ownSquares, ...aloneSquares]),
      ...checks,
      ...outputs,
      ...present(losses),
      ...statistics,
      ...this.#cut,
    ].map((value) => [value]);
    this.#graph = new CheckedGraph(native.binding, [...nodes, ...this.#held.nodes], [gradients, ...others], distrust);
  }

  /** A pass over a batch that is made as the recorded one was. Undefined where the recording does not hold for its values. */
  forward(parts: RecordingParts, batch: Batch, habit: string): Pass | undefined {
    const { checks, outputs, losses, statistics, back } = this.#recorded;
    const before = this.#habits.get(habit);
    const likely = before !== undefined && this.#graph.handsOut([...before.names, ...(before.held ?? [])]) ? before : undefined;
    const early = likely?.isKnown === true ? likely : undefined;
    const run = this.#start(parts, batch);
    if (early?.weights !== undefined) run.weigh(early.weights, []);
    const cut = early === undefined ? this.#cut : [];
    const read = [...checks, ...outputs, ...present(losses), ...(early?.names ?? [])];
    const kept = run.compute(read, { held: early?.held ?? [], kept: [...statistics, ...cut] });
    if (!checks.every((name) => Number.isFinite(run.number(name)))) {
      run.dispose();
      return undefined;
    }
    parts.model.statistics.forEach(({ variable }, index) => variable.assign(kept[index] ?? variable));
    run.startFrom(cut, kept.slice(statistics.length));
    const way = new CompiledWay(back, run, likely?.isRepeated === true ? likely : undefined, present([this.#held.sumSquare]));
    let hold: CompiledHold | undefined;
    return {
      outputs: outputs.map((name) => run.values(name)),
      losses: losses.map((name) => (name === undefined ? undefined : run.number(name))),
      get walks() {
        return way.walks;
      },
      back: () => way,
      hold: () => {
        if (this.#mover === undefined || !isWorthHolding(before?.vain ?? 0)) return undefined;
        return (hold ??= new CompiledHold(way, back, this.#held, run, this.#mover));
      },
      dispose: () => {
        const held = [...(hold?.asked ?? [])];
        this.#habits.learn(habit, { names: [...way.asked], held, weights: way.weights, inVain: hold?.inVain ?? false });
        run.dispose();
      },
    };
  }

  /** The losses of such a pass, which moves no statistics; undefined as with `forward`. */
  losses(parts: RecordingParts, batch: Batch): readonly (number | undefined)[] | undefined {
    const { checks, losses } = this.#recorded;
    const run = this.#start(parts, batch);
    run.compute([...checks, ...present(losses)]);
    if (!checks.every((name) => Number.isFinite(run.number(name)))) return undefined;
    return losses.map((name) => (name === undefined ? undefined : run.number(name)));
  }

  /**
   * Whether the recorded operations compute all that this pass tells; the noise and the statistics are as before it. Undefined where these rows
   * cannot tell: the recording does not hold for them, or the losses are not finite.
   */
  agreesWith(plain: Pass, parts: RecordingParts, batch: Batch): boolean | undefined {
    const { checks, outputs, losses, back } = this.#recorded;
    const run = this.#start(parts, batch);
    const weights = back.alone.map((_, position) => 1 / (position + 1));
    run.weigh(weights, []);
    run.interpret([...checks, ...outputs, ...present(losses), ...everyGradient(back)]);
    if (![...checks, ...present(losses)].every((name) => Number.isFinite(run.number(name)))) return undefined;
    const way = new CompiledWay(back, run);
    const expected = plain.back(plain.losses.map((_, task) => task));
    const ids = parts.variables.map(({ id }) => id);
    const gradients = (from: CompiledWay | typeof expected): readonly (Float32Array | undefined)[] => [
      ...ids.map((id) => from.own.get(id)?.values),
      ...weights.flatMap((_, position) => {
        const alone = from.alone(position);
        return ids.map((id) => alone.get(id));
      }),
    ];
    const sum = (from: CompiledWay | typeof expected): readonly (Float32Array | undefined)[] => {
      const summed = from.summed(weights);
      return ids.map((id) => summed.get(id));
    };
    return (
      outputs.every((name, task) => agrees([plain.outputs[task]], [run.values(name)])) &&
      losses.every((name, task) => agrees([numberIn(plain.losses[task])], [name === undefined ? undefined : run.values(name)])) &&
      agrees(gradients(expected), gradients(way)) &&
      agrees(sum(expected), sum(way)) &&
      agrees(expected.representation().flat(), way.representation().flat())
    );
  }

  /** Operations, without what is fed and what is constant. */
  get operations(): number {
    return [...this.#recorded.nodes, ...this.#held.nodes].filter(({ operation }) => operation !== "Placeholder" && operation !== "Const")
      .length;
  }

  /** Makes those that a pass of this habit comes to one after the other. Draws noise. */
  eachOperation(parts: RecordingParts, batch: Batch, habit: string, watch: OperationWatch): void {
    const { checks, outputs, losses, statistics, back } = this.#recorded;
    const before = this.#habits.get(habit);
    const asked = [...(before?.names ?? []), ...(before?.held ?? [])];
    const names = this.#graph.handsOut(asked) ? asked : [];
    const run = this.#start(parts, batch);
    run.weigh(before?.weights ?? back.alone.map(() => 1), []);
    run.interpret([...checks, ...outputs, ...present(losses), ...statistics, ...names], watch);
  }

  dispose(): void {
    this.#graph.dispose();
  }

  #start({ model }: RecordingParts, batch: Batch): GraphRun {
    const fed = tensorsFed(model, batch);
    this.#recorded.noise.forEach(({ again, shape }, index) => fed.set(fedAs.noise(index), tensor(again(), [...shape])));
    return new GraphRun(this.#native, this.#graph, fed);
  }
}

function numberIn(loss: number | undefined): Float32Array | undefined {
  return loss === undefined ? undefined : Float32Array.of(loss);
}

function everyGradient({ own, representation, alone, summed }: RecordedWay): readonly string[] {
  return [
    ...[...own.values()].map(({ values }) => values),
    ...representation.flatMap((row) => present(row)),
    ...[...alone, summed].flatMap((each) => [...each.values()]),
  ];
}

function isWorthHolding(vain: number): boolean {
  return vain < mostVain || vain % passesToTryAgain === 0;
}
