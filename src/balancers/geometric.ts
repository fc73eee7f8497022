import { z } from "zod";
import { defineBalancer } from "./balancer.ts";

/**
 * Geometric loss strategy (Chennupati et al., "MultiNet++", CVPR Workshops 2019): minimise `L = (Π L_i)^(1/K)`, weight `L / (K L_i)`.
 * Computed as `exp(mean ln L_i)`, so that many tasks neither overflow nor vanish. `Σ w_i L_i = L`. Losses must be positive.
 */
export const geometric = defineBalancer({
  id: "geometric",
  title: "Geometric loss",
  summary: "Minimises the geometric mean of the losses.",
  family: "losses",
  needs: "losses",
  action: "weigh-losses",
  positiveLosses: true,
  papers: [
    {
      authors: "Chennupati, Sistu, Yogamani, Rawashdeh",
      title: "MultiNet++: Multi-Stream Feature Aggregation and Geometric Loss Strategy for Multi-Task Learning",
      venue: "CVPR Workshops",
      year: 2019,
      arxiv: "1904.08492",
    },
  ],
  provenance: "paper and code",
  cost: { backward: "1", forward: "1", memory: "0" },
  options: z.object({ epsilon: z.number().gt(0).default(1e-12).describe("Least loss that is divided by.") }),
  start: () => ({}),
  weigh({ losses }, state, { epsilon }) {
    const safe = losses.map((loss) => Math.max(loss, epsilon));
    const mean = Math.exp(safe.reduce((sum, loss) => sum + Math.log(loss), 0) / safe.length);
    return { weights: safe.map((loss) => mean / (safe.length * loss)), status: "ok", state };
  },
});
