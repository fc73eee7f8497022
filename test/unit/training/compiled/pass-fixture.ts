import { tensor } from "@tensorflow/tfjs-core";
import type { LayerEntry } from "../../../../src/experiment/schema.ts";
import { makeBatch, type Batch } from "../../../../src/training/batches.ts";
import { agrees } from "../../../../src/training/compiled/agreement.ts";
import { CompiledPasses, type CompiledParts } from "../../../../src/training/compiled/compiled-passes.ts";
import { openPasses } from "../../../../src/training/compiled/open-passes.ts";
import type { RowValues } from "../../../../src/training/data/dataset.ts";
import { absoluteError } from "../../../../src/training/losses/number-losses.ts";
import { crossEntropy } from "../../../../src/training/losses/softmax-losses.ts";
import type { MultiTaskModel } from "../../../../src/training/model/model.ts";
import type { Pass, Passes } from "../../../../src/training/passes/pass.ts";
import { PlainPasses } from "../../../../src/training/passes/plain-passes.ts";
import { RandomStreams } from "../../../../src/training/random-streams.ts";
import { inTensorScope } from "../../../../src/training/tensor-scope.ts";
import type { LayerRow } from "../backend/layer-cases.ts";
import { classification, network, regression, shape } from "../model/networks.ts";

export type Numbers = ReadonlyMap<string, readonly (Float32Array | undefined)[]>;

/** What differs by more than rounding. */
export function differences(plain: Numbers, compiled: Numbers): readonly string[] {
  return [...plain].flatMap(([what, blocks]) => (agrees(blocks, compiled.get(what) ?? []) ? [] : [what]));
}

/** What differs in its bits. */
export function bitDifferences(plain: Numbers, compiled: Numbers): readonly string[] {
  const same = (a: Float32Array | undefined, b: Float32Array | undefined): boolean =>
    a?.length === b?.length && (a ?? []).every((value, i) => Object.is(value, b?.[i]));
  return [...plain].flatMap(([what, blocks]) => (blocks.every((block, i) => same(block, compiled.get(what)?.[i])) ? [] : [what]));
}

export const plainTrunk: readonly LayerEntry[] = [
  { dense: { units: 6, activation: "relu" } },
  { dropout: { rate: 0.3 } },
  "batchNormalization",
];

export function convolutions(given: { readonly activation?: "relu" } = {}): readonly LayerEntry[] {
  return [{ conv2d: { filters: 2, kernelSize: 2, ...given } }, "maxPooling2d", "flatten"];
}

export const tasks = [classification("kind"), regression("size"), regression("age")];

/** A network of a trunk, two kinds of heads, and batches for it. */
export class Fixture {
  readonly model: MultiTaskModel;
  readonly inputShape: readonly number[];
  readonly rows: number;
  readonly noise = new RandomStreams(3);
  readonly parts: CompiledParts;
  readonly values = new RandomStreams(5).get("values");

  constructor(trunk: readonly LayerEntry[], inputShape: readonly number[], rows = 4) {
    this.inputShape = inputShape;
    this.rows = rows;
    this.model = network(trunk, shape(inputShape, ...tasks), { streams: this.noise });
    this.parts = {
      model: this.model,
      variables: this.model.parameters.map(({ variable }) => variable),
      losses: [crossEntropy(0, undefined), absoluteError, absoluteError],
      noise: this.noise.get("noise"),
      batchSize: rows,
    };
  }

  compiled(): CompiledPasses {
    const passes = openPasses(this.parts, true);
    if (!(passes instanceof CompiledPasses)) throw new Error("The backend does not compile.");
    return passes;
  }

  batch({ rows = this.rows, whole = false, absent = [] as readonly number[], input = undefined as number | undefined } = {}): Batch {
    const size = this.inputShape.reduce((product, axis) => product * axis, rows);
    const draw = (): number => (whole ? this.values.below(5) : this.values.normal());
    const values: RowValues = {
      rows,
      inputs: [Float32Array.from({ length: size }, () => input ?? draw())],
      targets: [
        Float32Array.from({ length: rows }, () => this.values.below(3)),
        ...[1, 2].map(() => Float32Array.from({ length: rows }, () => this.values.normal())),
      ],
      // The first row lacks its last label.
      present: tasks.map((_, task) =>
        Uint8Array.from({ length: rows }, (__, row) => (absent.includes(task) || (task === 2 && row === 0) ? 0 : 1)),
      ),
    };
    return makeBatch({ inputs: [{ name: "input", shape: this.inputShape, features: [] }], tasks }, values);
  }

  /** All that a pass tells, and what it leaves behind. */
  told(passes: Passes, batch: Batch, kind = "usual", weights = [1, 2, 3]): Numbers {
    return inTensorScope(() => {
      const pass = passes.forward(batch, { kind });
      const numbers = this.#numbers(pass, weights);
      pass.dispose();
      return numbers;
    });
  }

  #numbers(pass: Pass, weights: readonly number[]): Numbers {
    const way = pass.back([...tasks.keys()]);
    const blocks = (gradients: ReadonlyMap<number, Float32Array>) => this.parts.variables.map(({ id }) => gradients.get(id));
    const lockStep = new Map<number, readonly (Float32Array | undefined)[]>();
    way.inLockStep((id, gradients) => lockStep.set(id, gradients));
    return new Map<string, readonly (Float32Array | undefined)[]>([
      ["outputs", pass.outputs],
      ["losses", pass.losses.map((loss) => Float32Array.of(loss ?? -1))],
      ["statistics", this.model.statistics.map(({ variable }) => variable.dataSync<"float32">().slice())],
      ["sum", blocks(way.summed(weights))],
      ["own", blocks(new Map([...way.own].map(([id, { values }]) => [id, values])))],
      ["alone", [0, 1, 2].flatMap((position) => blocks(way.alone(position)))],
      ["lock-step", this.parts.variables.flatMap(({ id }) => lockStep.get(id) ?? [])],
      ["representation", way.representation().flat()],
      ["noise", [Float32Array.from(this.parts.noise.save())]],
    ]);
  }

  /** Both from the same noise and statistics. */
  both(compiled: Passes, batch: Batch, kind?: string, weights?: readonly number[]): readonly [plain: Numbers, compiled: Numbers] {
    const noise = this.parts.noise.save();
    const statistics = this.model.statistics.map(({ variable }) => variable.clone());
    const plain = this.told(new PlainPasses(this.parts), batch, kind, weights === undefined ? undefined : [...weights]);
    this.parts.noise.restore(noise);
    this.model.statistics.forEach(({ variable }, index) => variable.assign(statistics[index] ?? variable));
    for (const each of statistics) each.dispose();
    return [plain, this.told(compiled, batch, kind, weights === undefined ? undefined : [...weights])];
  }

  move(): void {
    for (const { variable } of this.model.parameters) {
      const moved = tensor(
        variable.dataSync<"float32">().map((value) => value + 0.05 * this.values.normal()),
        variable.shape,
      );
      variable.assign(moved);
      moved.dispose();
    }
  }
}

/** The layer between others that train, so that what it hands back is used. */
export function trunkOf([layer, [, ...inputShape], given = {}]: LayerRow): readonly LayerEntry[] {
  const entry = { [layer]: given } as LayerEntry;
  const first: readonly LayerEntry[] = layer === "embedding" ? [] : [{ dense: { units: inputShape.at(-1) ?? 1 } }];
  return [...first, entry, { reshape: { targetShape: [-1] } }, { dense: { units: 4, activation: "tanh" } }];
}
