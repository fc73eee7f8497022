import { engine } from "@tensorflow/tfjs-core";

/** Runs `work` and disposes every tensor made in it. Unlike `tidy` it may return plain values of any type; never a tensor. */
export function inTensorScope<T>(work: () => T): T {
  engine().startScope();
  try {
    return work();
  } finally {
    engine().endScope();
  }
}
