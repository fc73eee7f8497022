import type { Tensor } from "@tensorflow/tfjs-core";

/** One operation of a recording. Inputs are values, named `node:output`. */
export interface ValueNode {
  readonly name: string;
  /** `Placeholder` of what is fed, `Const` of what never changes. */
  readonly operation: string;
  readonly inputs: readonly string[];
  /** One an output: what is known of it. */
  readonly outputs: readonly unknown[];
}

/** Operations as they are asked for. Values are named `node:output`. */
export interface Trace<Node extends ValueNode> {
  readonly nodes: readonly Node[];
  /** The value of a tensor that was made or fed while recording. */
  valueOf(tensor: Tensor): string;
  /** From now on this tensor's value is fed under a name, and no constant. */
  feed(name: string, tensor: Tensor): void;
}

/** Records what `run` asks the backend for; what is recorded is really computed. Throws `NotRecordable`. */
export type Tracing<Node extends ValueNode> = <T>(run: (trace: Trace<Node>) => T) => T;
