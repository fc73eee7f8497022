import { tensor } from "@tensorflow/tfjs-core";
import type { Batch } from "../batches.ts";
import type { Pass } from "../passes/pass.ts";
import type { OperationWatch } from "../passes/recordings.ts";
import { CheckedGraph, type Distrust } from "./checked-graph.ts";
import { CompiledWay, present } from "./compiled-way.ts";
import { CompiledHold, type Mover } from "./compiled-hold.ts";
import { factoredGradients } from "./factored-gradients.ts";
import type { GraphNode } from "./graph-file.ts";
import { GraphRun } from "./graph-run.ts";
import { GraphValues } from "./graph-values.ts";
import { heldNodes, type HeldValues } from "./held-nodes.ts";
import { isWorthFactoring, isWorthHolding, type Habits } from "./habits.ts";
import type { NativeBackend } from "./native-binding.ts";
import type { Recording } from "./pass-compiler.ts";
import { drawn } from "../model/noise.ts";
import { everyGradient, fedAs, tensorsFed, type RecordedPass, type RecordingParts } from "./recorded-pass.ts";
import { tellsTheSame, weightsToCompare } from "./same-pass.ts";

export interface OpenParts {
  readonly native: NativeBackend;
  readonly recorded: RecordedPass<GraphNode>;
  /** What trains. */
  readonly variables: RecordingParts["variables"];
  readonly habits: Habits;
  readonly distrust: Distrust;
  /** Undefined where the gradients cannot move the parameters where they are. */
  readonly mover: Mover | undefined;
}

/**
 * A recording that TensorFlow has loaded. Where what a pass will be asked for is known before, one run computes all of it; else a first run
 * goes as far as the losses, and keeps what the way back starts from.
 */
export class CompiledRecording implements Recording {
  readonly #native: NativeBackend;
  readonly #recorded: RecordedPass<GraphNode>;
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
    const shapes = new Map(variables.flatMap(({ id, shape }) => (back.summed.has(id) ? [[id, shape]] : [])));
    this.#held = heldNodes(back, sizes, factoredGradients(nodes, back.alone, shapes));
    const { formed, factored, sums, sumSquare, ownSquares, aloneSquares } = this.#held;
    const others = [
      ...[formed, ...present([factored])].flatMap(({ packed, inputs, products, scales }) => [
        ...packed.values(),
        ...inputs.values(),
        ...present([products, scales]),
      ]),
      ...sums.values(),
      ...present([sumSquare, ...ownSquares, ...aloneSquares]),
      ...checks,
      ...outputs,
      ...present(losses),
      ...statistics,
      ...this.#cut,
    ].map((value) => [value]);
    this.#graph = new CheckedGraph(native.binding, [...nodes, ...this.#held.nodes], [gradients, ...others], distrust);
  }

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
    const way = new CompiledWay(back, run, likely?.isRepeated === true ? likely : undefined, [
      ...this.#held.sums.values(),
      ...present([this.#held.sumSquare]),
    ]);
    let hold: CompiledHold | undefined;
    return {
      outputs: outputs.map((name) => run.values(name)),
      losses: losses.map((name) => (name === undefined ? undefined : run.number(name))),
      get walks() {
        return way.walks;
      },
      back: () => way,
      hold: () => {
        if (this.#mover === undefined || !isWorthHolding(before)) return undefined;
        const triesFactors = isWorthFactoring(before);
        return (hold ??= new CompiledHold({ way, recorded: back, values: this.#held, run, mover: this.#mover, triesFactors }));
      },
      dispose: () => {
        const held = [...(hold?.asked ?? [])];
        const { inVain = false, areFormed = false } = hold ?? {};
        this.#habits.learn(habit, { names: [...way.asked], held, weights: way.weights, inVain, areFormed });
        run.dispose();
      },
    };
  }

  losses(parts: RecordingParts, batch: Batch): readonly (number | undefined)[] | undefined {
    const { checks, losses } = this.#recorded;
    const run = this.#start(parts, batch);
    run.compute([...checks, ...present(losses)]);
    if (!checks.every((name) => Number.isFinite(run.number(name)))) return undefined;
    return losses.map((name) => (name === undefined ? undefined : run.number(name)));
  }

  /** The recorded operations, one after the other. */
  agreesWith(plain: Pass, parts: RecordingParts, batch: Batch): boolean | undefined {
    const { checks, outputs, losses, back } = this.#recorded;
    const run = this.#start(parts, batch);
    const weights = weightsToCompare(back);
    run.weigh(weights, []);
    run.interpret([...checks, ...outputs, ...present(losses), ...everyGradient(back)]);
    if (![...checks, ...present(losses)].every((name) => Number.isFinite(run.number(name)))) return undefined;
    return tellsTheSame(plain, { run, way: new CompiledWay(back, run), outputs, losses, weights }, parts);
  }

  get operations(): number {
    return [...this.#recorded.nodes, ...this.#held.nodes].filter(({ operation }) => operation !== "Placeholder" && operation !== "Const")
      .length;
  }

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
    this.#recorded.noise.forEach((noise, index) => fed.set(fedAs.noise(index), tensor(drawn(noise), [...noise.shape])));
    return new GraphRun(this.#native, this.#graph, fed);
  }
}
