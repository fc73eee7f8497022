import { type KernelFunc, type NamedTensorInfoMap, getKernel } from "@tensorflow/tfjs-core";
import { text } from "../attributes.ts";
import type { PlainContext, PlainKernelMaker } from "../kernel-context.ts";

/** Activations that published fused kernels compute by clamping, which turns NaN into a bound. */
const clamping: Readonly<Record<string, string>> = { relu: "Relu", relu6: "Relu6" };

/** A published fused kernel, its clamping activations done as a step of their own that keeps NaN. */
export const activatedApart =
  (kernelName: string): PlainKernelMaker =>
  (context) => {
    const published = context.published(kernelName);
    return (call) => {
      const kernel = clamping[text(call.attrs, "activation") ?? "linear"];
      return kernel === undefined ? published(call) : inTwoSteps(context, published, kernel, call);
    };
  };

function inTwoSteps(
  { heap }: PlainContext,
  published: KernelFunc,
  activation: string,
  { inputs, attrs, backend }: Parameters<KernelFunc>[0],
): ReturnType<KernelFunc> {
  const between = published({ inputs, backend, attrs: { ...attrs, activation: "linear" } });
  if (Array.isArray(between)) throw new TypeError("A fused kernel has one result.");
  const x: NamedTensorInfoMap = { x: between };
  const out = getKernel(activation, "wasm").kernelFunc({ inputs: x, backend });
  heap.backend.disposeData(between.dataId);
  return out;
}
