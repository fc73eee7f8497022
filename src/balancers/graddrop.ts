import { z } from "zod";
import { type BalancerState, defineBalancer, gradientsOf } from "./balancer.ts";
import { RandomStream } from "./kernels/random-stream.ts";
import { signMasked } from "./kernels/sign-masks.ts";

/**
 * GradDrop (Chen et al., NeurIPS 2020, arXiv 2010.06808): where tasks pull an element in opposite directions, one sign is drawn and the
 * others' pull is dropped,
 *
 *   P = ½ (1 + k Σ g_i / Σ |g_i|),   M_i = 1 where g_i has the sign drawn (positive with probability P), else 0
 *   d = Σ (ℓ + (1 − ℓ) M_i) ⊙ g_i
 *
 * `leak` ℓ = 1 is the plain sum; elements on which all agree are summed whole. The paper has k = 1; Kurin et al. (arXiv 2201.04122) make
 * k an option. Works on the common parameters; the paper's other place, the representation (by the sign of its activations), is not there
 * yet. Not a combination of the gradients: each row is a task's masked gradient, with weight 1. With one task: its gradient.
 */
export const graddrop = defineBalancer({
  id: "graddrop",
  title: "GradDrop",
  summary: "Draws one sign for each parameter where tasks disagree, and drops the gradients of the other sign.",
  family: "gradients",
  needs: "gradients",
  action: "combine-gradients",
  papers: [
    {
      authors: "Chen, Ngiam, Huang, Luong, Kretzschmar, Chai, Anguelov",
      title: "Just Pick a Sign: Optimizing Deep Multitask Models with Gradient Sign Dropout",
      venue: "NeurIPS",
      year: 2020,
      arxiv: "2010.06808",
    },
  ],
  provenance: "paper and code",
  cost: { backward: "K", forward: "1", memory: "2K·n" },
  properties: {
    nonConflicting: "no",
    scaleFree: "no",
    length: 1,
    sumWithoutConflict: "partly",
    orderFree: "yes",
    note: "It is the sum in each element on which all tasks agree in sign.",
  },
  options: z.object({
    leak: z.number().min(0).max(1).default(0).describe("Share of a gradient that passes where its sign was not drawn; 1 is the plain sum."),
    k: z
      .number()
      .min(0)
      .max(1e6)
      .default(1)
      .describe("How much the majority counts: 0 draws signs evenly, a large number always takes it."),
  }),
  start: (_, { seed }) => ({ random: RandomStream.seeded(seed, "graddrop").save() }),
  weigh(input, state, options) {
    const gradients = gradientsOf(input);
    const { bits, state: after } = drawn(state, gradients[0]?.length ?? 0);
    return { weights: gradients.map(() => 1), rows: signMasked(gradients, options, bits), status: "ok", state: after };
  },
  signs: { masking: ({ leak, k }) => ({ leak, k }), draw: drawn },
});

function drawn(state: BalancerState, elements: number): { readonly bits: Uint32Array; readonly state: BalancerState } {
  const stream = RandomStream.from(state["random"] ?? []);
  const bits = new Uint32Array(elements);
  stream.fillBits(bits);
  return { bits, state: { random: stream.save() } };
}
