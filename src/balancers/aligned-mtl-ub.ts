import { alignedAt } from "./aligned-mtl.ts";

/**
 * Aligned-MTL-UB (Senushkin et al., CVPR 2023, arXiv 2305.19000): Aligned-MTL's weights from the Gram matrix of ∂L_i/∂Z, the gradients with
 * respect to the representation that the trunk hands to the heads, flattened over batch and features; then one walk of Σ w_i L_i through the
 * trunk. Degenerate as Aligned-MTL.
 */
export const alignedMtlUb = alignedAt("representation", {
  id: "aligned-mtl-ub",
  title: "Aligned-MTL-UB",
  summary: "Aligned-MTL on the gradients of what the trunk hands to the heads: one walk through the trunk, whatever the number of tasks.",
  cost: { backward: "1 + K through the heads", forward: "1", memory: "K times the representation" },
});
