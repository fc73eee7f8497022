import { scalar, sum, Variable, type Tensor } from "@tensorflow/tfjs-core";
import { isDeepStrictEqual } from "node:util";
import type { RandomStream } from "../../balancers/kernels/random-stream.ts";
import { assumingFinite } from "../backend/assumptions.ts";
import type { Batch } from "../batches.ts";
import { BackwardPass } from "../gradients/backward-pass.ts";
import type { OwnGradient, VariableGradients } from "../gradients/way-back.ts";
import type { MultiTaskModel } from "../model/model.ts";
import { watchingNoise, type DrawnNoise } from "../model/noise.ts";
import { tapedPass, type PassParts } from "../passes/plain-passes.ts";
import { inTensorScope } from "../tensor-scope.ts";
import { NotRecordable } from "./not-recordable.ts";
import type { Trace, Tracing, ValueNode } from "./trace.ts";

/** What a pass is recorded with. */
export interface RecordingParts extends PassParts {
  /** What dropout draws from. */
  readonly noise: RandomStream;
}

export interface RecordingOptions {
  /** Absent tasks have something that stands in for their losses. */
  readonly standIns: boolean;
  /** What runs the recording may hide what is not finite of the inputs. */
  readonly checksInputs: boolean;
}

/** A forward pass and every way back from it, as operations in the order in which they were asked for. All is told by the names of its values. */
export interface RecordedPass<Node extends ValueNode> {
  readonly nodes: readonly Node[];
  /** Position of the first node of the way back. */
  readonly boundary: number;
  /** What is drawn in each pass, in the order of the draws. */
  readonly noise: readonly DrawnNoise[];
  /** Sums that are finite wherever the graph computes what the step would. */
  readonly checks: readonly string[];
  readonly outputs: readonly string[];
  readonly losses: readonly (string | undefined)[];
  /** What the model's statistics become. */
  readonly statistics: readonly string[];
  readonly back: RecordedWay;
}

/** As `WayBack`, all at once. */
export interface RecordedWay {
  readonly own: ReadonlyMap<number, OwnGradient<string>>;
  readonly representation: readonly (readonly (string | undefined)[])[];
  /** By position of the loss. */
  readonly alone: readonly VariableGradients<string>[];
  readonly summed: VariableGradients<string>;
}

/** Every value that can be asked for on the way back. */
export function everyGradient({ own, representation, alone, summed }: RecordedWay): readonly string[] {
  return [
    ...[...own.values()].map(({ values }) => values),
    ...representation.flatMap((row) => row.flatMap((name) => name ?? [])),
    ...[...alone, summed].flatMap((each) => [...each.values()]),
  ];
}

/** Names under which a recording is fed, by position. */
export const fedAs = {
  input: (index: number) => `x${String(index)}`,
  target: (task: number) => `y${String(task)}`,
  rowWeight: (task: number) => `r${String(task)}`,
  parameter: (index: number) => `p${String(index)}`,
  statistic: (index: number) => `m${String(index)}`,
  noise: (index: number) => `z${String(index)}`,
  /** Of a loss, by its position. */
  weight: (position: number) => `w${String(position)}`,
} as const;

/**
 * Records twice, for what differs between the two is made in JavaScript, and would be the same for ever. Moves the model's statistics and
 * draws noise, as two passes do. Throws `NotRecordable`.
 */
export function recordPass<Node extends ValueNode>(
  tracing: Tracing<Node>,
  parts: RecordingParts,
  batch: Batch,
  options: RecordingOptions,
): RecordedPass<Node> {
  const recorded = recordOnce(tracing, parts, batch, options);
  const again = recordOnce(tracing, parts, batch, options);
  if (!isDeepStrictEqual(recorded.nodes, again.nodes)) {
    throw new NotRecordable("it computes something else each time, from values that are not drawn from the run's streams");
  }
  return recorded;
}

function recordOnce<Node extends ValueNode>(
  tracing: Tracing<Node>,
  parts: RecordingParts,
  batch: Batch,
  { standIns, checksInputs }: RecordingOptions,
): RecordedPass<Node> {
  return inTensorScope(() =>
    tracing((trace) => {
      for (const [name, fed] of tensorsFed(parts.model, batch)) trace.feed(name, fed);
      const noise: DrawnNoise[] = [];
      const checks: string[] = [];
      const draw = (drawn: DrawnNoise): void => {
        trace.feed(fedAs.noise(noise.push(drawn) - 1), drawn.tensor);
      };
      const assume = (total: Tensor): void => void checks.push(trace.valueOf(total));
      return assumingFinite(assume, () => {
        if (checksInputs) for (const input of batch.inputs) assume(sum(input));
        const { tape, outputs, losses, seeds } = watchingNoise(parts.noise, draw, () => tapedPass(parts, batch, standIns));
        try {
          return {
            noise,
            checks,
            outputs: outputs.map((output) => trace.valueOf(output)),
            losses: losses.map((loss) => (loss === undefined ? undefined : trace.valueOf(loss))),
            statistics: parts.model.statistics.map(({ variable }) => trace.valueOf(variable)),
            boundary: trace.nodes.length,
            back: recordBack(
              trace,
              BackwardPass.reading(tape, present(seeds), (gradient) => trace.valueOf(gradient)),
            ),
            nodes: trace.nodes,
          };
        } finally {
          tape.dispose();
        }
      });
    }),
  );
}

/** What is fed but noise and weights, by the names under which it is; parameters and statistics as they are until they move. */
export function valuesFed({ parameters, statistics }: MultiTaskModel, { inputs, targets }: Batch): Map<string, Tensor> {
  const fed = new Map<string, Tensor>();
  inputs.forEach((input, index) => fed.set(fedAs.input(index), input));
  targets.forEach((own, task) => {
    if (own === undefined) return;
    fed.set(fedAs.target(task), own.target);
    fed.set(fedAs.rowWeight(task), own.rowWeight);
  });
  parameters.forEach(({ variable }, index) => fed.set(fedAs.parameter(index), variable));
  statistics.forEach(({ variable }, index) => fed.set(fedAs.statistic(index), variable));
  return fed;
}

/** The same, to be kept: copies that share the values, for the parameters may move before the last way back. */
export function tensorsFed(model: MultiTaskModel, batch: Batch): Map<string, Tensor> {
  return new Map([...valuesFed(model, batch)].map(([name, fed]) => [name, fed instanceof Variable ? fed.clone() : fed]));
}

function recordBack(trace: Trace<ValueNode>, pass: BackwardPass<string>): RecordedWay {
  const positions = Array.from({ length: pass.losses }, (_, position) => position);
  const weights = positions.map((position) => {
    const weight = scalar(1);
    trace.feed(fedAs.weight(position), weight);
    return weight;
  });
  return {
    own: pass.own,
    representation: pass.representation(),
    alone: positions.map((position) => pass.alone(position)),
    summed: pass.summedBy(weights),
  };
}

function present(seeds: readonly (Tensor | undefined)[]): Tensor[] {
  return seeds.flatMap((seed) => seed ?? []);
}
