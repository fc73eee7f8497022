import { Tensor, add, cast, div, mul, reshape, slice, split, sub, sum, transpose } from "@tensorflow/tfjs-core";

/**
 * TensorFlow.js registers operations as tensor methods (`x.add(y)`) in a file that its Node build leaves out, but parts of
 * its own code call them (the gradient of a batched gather, some layers). These are the ones they call.
 */
const operations = { add, cast, div, mul, reshape, slice, split, sub, sum, transpose };

/** Gives tensors the chained operations that layers and gradients call. Calling it again changes nothing. */
export function registerChainedOperations(): void {
  for (const [name, operation] of Object.entries(operations)) {
    if (name in Tensor.prototype) continue;
    Object.defineProperty(Tensor.prototype, name, {
      configurable: true,
      writable: true,
      value(this: Tensor, ...rest: unknown[]): unknown {
        return Reflect.apply(operation, undefined, [this, ...rest]);
      },
    });
  }
}
