import { mgdaAt, mgdaPaper } from "./mgda.ts";

/**
 * MGDA-UB (Sener & Koltun, NeurIPS 2018, arXiv 1810.04650): MGDA's weights from the gradients with respect to the representation Z that the
 * trunk hands to the heads, flattened over batch and features,
 *
 *   w = argmin over the simplex of ‖Σ w_i ∂L_i/∂Z / q_i‖²,
 *
 * then one walk of Σ w_i L_i through the trunk. That minimises an upper bound of MGDA's norm, as ‖∂Z/∂θ‖ comes out as a factor. So what holds
 * for MGDA's direction holds at Z; with respect to the parameters a task can be hurt. Degenerate as MGDA.
 */
export const mgdaUb = mgdaAt("representation", {
  id: "mgda-ub",
  title: "MGDA-UB",
  summary: "MGDA on the gradients of what the trunk hands to the heads: one walk through the trunk, whatever the number of tasks.",
  papers: [mgdaPaper],
  cost: { backward: "1 + K through the heads", forward: "1", memory: "K times the representation" },
  properties: {
    nonConflicting: "partly",
    scaleFree: "no",
    length: 1,
    sumWithoutConflict: "no",
    orderFree: "yes",
    note: "Hurts no task as far as the representation can tell; through the trunk it can.",
  },
});
