import { conv2d, env, grad, ones, reshape, sum, tidy, type Rank } from "@tensorflow/tfjs-core";
import type { StepCompilation } from "../../experiment/record.ts";
import { tryCompiling } from "../compiled/try-compiling.ts";
import { BackendError } from "./backend-error.ts";
import { type BackendOptions, startBackend, type StartedBackend } from "./backend.ts";

/** A backend that trains, or why it does not: the sentence that a run would say. */
export type TriedBackend =
  | ({
      readonly works: true;
      /** Whether wasm computes several numbers at once. */
      readonly simd?: boolean;
      readonly compiles: StepCompilation;
    } & StartedBackend)
  | { readonly works: false; readonly reason: string };

/** Starts a backend, lets it compute a gradient, and compiles a step. */
export async function tryBackend(name: "wasm" | "native", options: BackendOptions): Promise<TriedBackend> {
  try {
    const started = await startBackend(name, options);
    if (!computesGradients()) return { works: false, reason: `The ${name} backend starts and computes a wrong gradient.` };
    return { works: true, ...started, compiles: tryCompiling(), ...(name === "wasm" ? { simd: await hasSimd() } : {}) };
  } catch (error) {
    if (!(error instanceof BackendError)) throw error;
    return { works: false, reason: error.message };
  }
}

async function hasSimd(): Promise<boolean> {
  return (await env().getAsync("WASM_HAS_SIMD_SUPPORT")) === true;
}

/** Weights of ones over two pictures of 8 × 8 ones: each of the 3 × 3 taps meets 2 · 6 · 6 pixels. */
function computesGradients(): boolean {
  return tidy(() => {
    const pictures = ones<Rank.R4>([2, 8, 8, 1]);
    const total = (filter: Parameters<typeof reshape>[0]) => sum(conv2d(pictures, reshape<Rank.R4>(filter, [3, 3, 1, 4]), 1, "valid"));
    return [...grad(total)(ones([36])).dataSync()].every((value) => value === 72);
  });
}
