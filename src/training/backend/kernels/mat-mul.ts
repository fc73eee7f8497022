import { type TensorInfo, broadcast_util, util } from "@tensorflow/tfjs-core";
import { flag, inputTensor, text } from "../attributes.ts";
import type { KernelContext, KernelMaker } from "../kernel-context.ts";
import { activatedApart } from "./fused-activation.ts";
import { type Panels, pack, packedFloats, rowsRoutine } from "./panels.ts";
import { multiplyThin } from "./thin-products.ts";

/** Product of matrices, [..., m, k] · [..., k, n], each optionally transposed. The published one is slow with transposes. */
export const batchMatMul: KernelMaker = (context) => {
  const published = context.published("BatchMatMul");
  return (call) => {
    const product = planned(
      inputTensor(call.inputs, "a"),
      inputTensor(call.inputs, "b"),
      flag(call.attrs, "transposeA"),
      flag(call.attrs, "transposeB"),
    );
    return product === undefined ? published(call) : multiply(context, product, undefined, false);
  };
};

/** The same with bias and relu; other activations and prelu are left to the published kernel. */
export const fusedMatMul: KernelMaker = (context) => {
  const published = activatedApart("_FusedMatMul")(context);
  return (call) => {
    const { bias, preluActivationWeights } = call.inputs;
    const activation = text(call.attrs, "activation") ?? "linear";
    const product = planned(
      inputTensor(call.inputs, "a"),
      inputTensor(call.inputs, "b"),
      flag(call.attrs, "transposeA"),
      flag(call.attrs, "transposeB"),
    );
    const ours = (activation === "linear" || activation === "relu") && (preluActivationWeights ?? undefined) === undefined;
    const biasFits = (bias ?? undefined) === undefined || (bias !== undefined && util.sizeFromShape(bias.shape) === product?.n);
    if (product === undefined || !ours || !biasFits) return published(call);
    return multiply(context, product, bias ?? undefined, activation === "relu");
  };
};

interface Product {
  readonly a: TensorInfo;
  readonly b: TensorInfo;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  readonly shape: readonly number[];
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly batch: number;
  /** Numbers from one matrix of the batch to the next; 0 where one matrix serves all. */
  readonly aMatrix: number;
  readonly bMatrix: number;
}

/** What is to be multiplied, or undefined where our routine does not fit: other types, or batches broadcast against each other. */
function planned(a: TensorInfo, b: TensorInfo, transposeA: boolean, transposeB: boolean): Product | undefined {
  if (a.dtype !== "float32" || b.dtype !== "float32") return undefined;
  const [aRows = 1, aColumns = 1] = a.shape.slice(-2);
  const [bRows = 1, bColumns = 1] = b.shape.slice(-2);
  const [m, k] = transposeA ? [aColumns, aRows] : [aRows, aColumns];
  const [inner, n] = transposeB ? [bColumns, bRows] : [bRows, bColumns];
  if (k !== inner || k === 0) return undefined; // The published kernel has the words for the first, and fills the second.
  const outer = broadcast_util.assertAndGetBroadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2));
  const batch = util.sizeFromShape(outer);
  const [aBatch, bBatch] = [a, b].map(({ shape }) => util.sizeFromShape(shape.slice(0, -2)));
  const served = [aBatch, bBatch].every((count) => count === batch || count === 1);
  if (!served) return undefined;
  const common = { a, b, transposeA, transposeB, shape: [...outer, m, n], n, k };
  // One right-hand matrix for the whole batch: all rows are rows of one product.
  if (bBatch === 1 && aBatch === batch && !transposeA) return { ...common, m: m * batch, batch: 1, aMatrix: 0, bMatrix: 0 };
  return { ...common, m, batch, aMatrix: aBatch === 1 ? 0 : m * k, bMatrix: bBatch === 1 ? 0 : k * n };
}

function multiply(context: KernelContext, product: Product, bias: TensorInfo | undefined, relu: boolean): TensorInfo {
  const { heap } = context;
  const { m, n, k, batch } = product;
  const out = heap.output(product.shape);
  if (m * n * batch === 0) return out;
  const finish = { bias: bias === undefined ? 0 : heap.address(bias), relu: relu ? (1 as const) : (0 as const) };
  for (let i = 0; i < batch; i++) {
    const a = heap.address(product.a) + i * product.aMatrix * 4;
    const b = heap.address(product.b) + i * product.bMatrix * 4;
    const matrix = { a, out: heap.address(out) + i * m * n * 4, m, n, k };
    if (multiplyThin(context, { ...matrix, b, transposeA: product.transposeA, ...finish })) continue;
    const panels = pack(context, "product:b", b, n, k, product.transposeB);
    if (product.transposeA) multiplyColumns(context, matrix, panels, finish);
    else multiplyRows(context, matrix, panels, finish);
  }
  return out;
}

interface Matrix {
  readonly a: number;
  readonly out: number;
  readonly m: number;
  readonly n: number;
  readonly k: number;
}

interface Finish {
  readonly bias: number;
  readonly relu: number;
}

function multiplyRows(context: KernelContext, { a, out, m, n, k }: Matrix, panels: readonly Panels[], { bias, relu }: Finish): void {
  for (const { width, first, columns, address } of panels) {
    const run = rowsRoutine(context, width, m);
    run(a, 4, k * 4, 0, 1, k, 0, address, out + first * 4, n * 4, 0, m, 1, columns, bias === 0 ? 0 : bias + first * 4, relu);
  }
}

/** With `a` lying as [k, m], four of its columns at a time are packed side by side. */
function multiplyColumns(context: KernelContext, { a, out, m, n, k }: Matrix, panels: readonly Panels[], { bias, relu }: Finish): void {
  const { heap, program } = context;
  const packed = heap.scratch("product:a", packedFloats(m, k));
  program.packRows4(a, m * 4, packed, k, Math.ceil(m / 4));
  const blocks = Math.floor(m / 4);
  const left = m % 4;
  for (const { width, first, columns, address } of panels) {
    const biasHere = bias === 0 ? 0 : bias + first * 4;
    if (blocks > 0) {
      const run = rowsRoutine(context, width, 4);
      run(packed, 16, 4, k * 16, 1, k, 0, address, out + first * 4, n * 4, n * 16, 4, blocks, columns, biasHere, relu);
    }
    if (left > 0) {
      const run = rowsRoutine(context, width, 1);
      run(
        packed + blocks * k * 16,
        16,
        4,
        0,
        1,
        k,
        0,
        address,
        out + (blocks * 4 * n + first) * 4,
        n * 4,
        0,
        left,
        1,
        columns,
        biasHere,
        relu,
      );
    }
  }
}
