import type { Batch } from "../batches.ts";
import { canHold } from "./can-hold.ts";
import { CheckedUpdate } from "./checked-update.ts";
import { CompiledRecording } from "./compiled-pass.ts";
import type { CompiledParts } from "./compiled-passes.ts";
import type { GraphNode } from "./graph-file.ts";
import type { NativeBackend } from "./native-binding.ts";
import { recordNative } from "./native-recorder.ts";
import type { PassCompiler, Recording, RecordingMemory } from "./pass-compiler.ts";
import { withJoinedProducts } from "./joined-products.ts";
import { recordPass } from "./recorded-pass.ts";
import type { UpdateParts } from "./update-layout.ts";

/** Passes as graphs of TensorFlow, whose gradients can move the parameters where they are. */
export class NativeCompiler implements PassCompiler {
  readonly #native: NativeBackend;
  #update: CheckedUpdate | undefined;

  constructor(native: NativeBackend) {
    this.#native = native;
  }

  compile(parts: CompiledParts, batch: Batch, standIns: boolean, { habits, distrust }: RecordingMemory): Recording {
    // A relu that TensorFlow makes one with the convolution or product before it has 0 for NaN.
    const options = { standIns, checksInputs: true };
    const recorded = withJoinedProducts(recordPass<GraphNode>((run) => recordNative(this.#native, run), parts, batch, options));
    const { variables, update } = parts;
    const mover = update !== undefined && canHold(recorded.back, update) ? this.#updateOf(update, distrust) : undefined;
    return new CompiledRecording({
      native: this.#native,
      recorded,
      variables,
      habits,
      distrust: distrust((why) => `A compiled step was not believed, and its operations run one after the other: ${why}.`),
      mover,
    });
  }

  dispose(): void {
    this.#update?.dispose();
    this.#update = undefined;
  }

  /** One for all recordings: it keeps the accumulators. */
  #updateOf(update: UpdateParts, distrust: RecordingMemory["distrust"]): CheckedUpdate {
    const inPlace = distrust((why) => `The optimizer's step is made on plain arrays, and not where the gradients are: ${why}.`);
    this.#update ??= new CheckedUpdate(this.#native, update, inPlace);
    return this.#update;
  }
}
