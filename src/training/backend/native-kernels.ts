import {
  add,
  cast,
  engine,
  getKernel,
  greater,
  isNaN as isNotNumber,
  type KernelConfig,
  type KernelFunc,
  lessEqual,
  maximum,
  minimum,
  mul,
  type NamedAttrMap,
  registerKernel,
  sum,
  Tensor,
  tidy,
  unregisterKernel,
  where,
} from "@tensorflow/tfjs-core";
import { inputTensor } from "./attributes.ts";

const backendName = "tensorflow";

/** What the native backend computes as if NaN or infinity were a number: a network that diverges must look so. */
const kernels: Readonly<Record<string, KernelFunc>> = { MaxPool: maxPool, Prelu: prelu };

/** The kernel that the package brought is kept under a name of its own. */
const published = (kernelName: string): string => `Published${kernelName}`;

/** Registers our kernels for the native backend, once. */
export function installNativeKernels(): void {
  for (const [kernelName, kernelFunc] of Object.entries(kernels)) {
    if (find(published(kernelName)) !== undefined) continue;
    const before = find(kernelName);
    if (before === undefined) throw new Error(`The native backend has no kernel ${kernelName}; that of version 4.22 has.`);
    registerKernel({ ...before, kernelName: published(kernelName) });
    unregisterKernel(kernelName, backendName);
    registerKernel({ kernelName, backendName, kernelFunc });
  }
}

function find(kernelName: string): KernelConfig | undefined {
  return getKernel(kernelName, backendName);
}

/** max(x, 0) + α min(x, 0). The published one has α (x − |x|) ⁄ 2, which for infinity is infinity less infinity. */
function prelu({ inputs }: Parameters<KernelFunc>[0]): Tensor {
  const [x, alpha] = [asTensor(inputTensor(inputs, "x")), asTensor(inputTensor(inputs, "alpha"))];
  return tidy(() => add(maximum(x, 0), mul(alpha, minimum(x, 0))));
}

/** TensorFlow's passes NaN over, and gives the least number where all are minus infinity. */
function maxPool({ inputs, attrs }: Parameters<KernelFunc>[0]): Tensor {
  const x = asTensor(inputTensor(inputs, "x"));
  return tidy(() => {
    if (Number.isFinite(sum(x).dataSync()[0])) return publishedMaxPool(x, attrs);
    const marks = isNotNumber(x);
    const clean = publishedMaxPool(where(marks, leastNumber, x), attrs);
    const bounded = where(lessEqual(clean, leastNumber), -Infinity, clean);
    return where(greater(publishedMaxPool(cast(marks, "float32"), attrs), 0), NaN, bounded);
  });
}

/** Of 32 bits. */
const leastNumber = -3.4028234663852886e38;

function publishedMaxPool(x: Tensor, attrs: NamedAttrMap | undefined): Tensor {
  return asTensor([engine().runKernel(published("MaxPool"), { x }, attrs)].flat()[0]);
}

function asTensor(value: unknown): Tensor {
  if (isTensor(value)) return value;
  throw new TypeError("A kernel of the native backend was not called with tensors.");
}

function isTensor(value: unknown): value is Tensor {
  return value instanceof Tensor;
}
