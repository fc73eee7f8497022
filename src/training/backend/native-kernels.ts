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
  scalar,
  sum,
  Tensor,
  type TensorInfo,
  tidy,
  unregisterKernel,
  where,
} from "@tensorflow/tfjs-core";
import { isFiniteTotal } from "./assumptions.ts";
import { inputTensor } from "./attributes.ts";
import { reluGradientName } from "./kernels/relu-gradient.ts";

const backendName = "tensorflow";

/**
 * `MaxPool`, `Prelu`: what the native backend computes as if NaN or infinity were a number; a network that diverges must look so.
 * `GatherV2`: reads the indices back to look whether they are within bounds, where TensorFlow looks by itself.
 */
const kernels: Readonly<Record<string, KernelFunc>> = { GatherV2: gather, MaxPool: maxPool, Prelu: prelu };

/** The kernel that the package brought is kept under a name of its own. */
const published = (kernelName: string): string => `Published${kernelName}`;

/** Registers our kernels for the native backend, once. */
export function installNativeKernels(): void {
  if (find(reluGradientName) === undefined) {
    registerKernel({ kernelName: reluGradientName, backendName, kernelFunc: reluGradient });
  }
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

/** `indices` are whole numbers. Throws where one of them is out of bounds. */
function gather({ inputs, attrs, backend }: Parameters<KernelFunc>[0]): TensorInfo {
  const [x, indices] = [asTensor(inputTensor(inputs, "x")), asTensor(inputTensor(inputs, "indices"))];
  if (!executes(backend)) throw new TypeError("The native backend is not that of version 4.22.");
  const { TF_ATTR_INT, TF_ATTR_TYPE, TF_FLOAT, TF_INT32 } = backend.binding;
  const typeOf = (tensor: Tensor): number => (tensor.dtype === "float32" ? TF_FLOAT : TF_INT32);
  const axis = scalar(Number(attrs?.["axis"] ?? 0), "int32");
  const attributes = [
    { name: "batch_dims", type: TF_ATTR_INT, value: Number(attrs?.["batchDims"] ?? 0) },
    { name: "Tparams", type: TF_ATTR_TYPE, value: typeOf(x) },
    { name: "Tindices", type: TF_ATTR_TYPE, value: TF_INT32 },
    { name: "Taxis", type: TF_ATTR_TYPE, value: TF_INT32 },
  ];
  const result = backend.executeSingleOutput("GatherV2", attributes, [x, indices, axis]);
  axis.dispose();
  return result;
}

interface Executor {
  readonly binding: { readonly TF_ATTR_INT: number; readonly TF_ATTR_TYPE: number; readonly TF_FLOAT: number; readonly TF_INT32: number };
  executeSingleOutput(name: string, attributes: readonly object[], inputs: readonly TensorInfo[]): TensorInfo;
}

function executes(backend: object): backend is Executor {
  return "executeSingleOutput" in backend && typeof backend.executeSingleOutput === "function" && "binding" in backend;
}

/** TensorFlow's passes NaN over, and gives the least number where all are minus infinity. */
function maxPool({ inputs, attrs }: Parameters<KernelFunc>[0]): Tensor {
  const x = asTensor(inputTensor(inputs, "x"));
  return tidy(() => {
    if (isFiniteTotal(sum(x))) return publishedMaxPool(x, attrs);
    const marks = isNotNumber(x);
    const clean = publishedMaxPool(where(marks, leastNumber, x), attrs);
    const bounded = where(lessEqual(clean, leastNumber), -Infinity, clean);
    return where(greater(publishedMaxPool(cast(marks, "float32"), attrs), 0), NaN, bounded);
  });
}

/** By what a relu gave: whether all of it is finite. Several tasks' ways back lead over the same. */
const finite = new WeakMap<object, boolean>();

/** dy where y > 0, NaN where y is NaN, else 0. TensorFlow's has 0 for NaN. */
function reluGradient({ inputs, backend }: Parameters<KernelFunc>[0]): TensorInfo {
  const [dy, y] = [asTensor(inputTensor(inputs, "dy")), asTensor(inputTensor(inputs, "y"))];
  const isFinite = finite.get(y.dataId) ?? tidy(() => isFiniteTotal(sum(y)));
  finite.set(y.dataId, isFinite);
  if (!isFinite) return tidy(() => where(isNotNumber(y), NaN, mul(dy, cast(greater(y, 0), "float32"))));
  if (!executes(backend)) throw new TypeError("The native backend is not that of version 4.22.");
  const { TF_ATTR_TYPE, TF_FLOAT } = backend.binding;
  return backend.executeSingleOutput("ReluGrad", [{ name: "T", type: TF_ATTR_TYPE, value: TF_FLOAT }], [dy, y]);
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
