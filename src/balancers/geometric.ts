import { z } from "zod";
import { defineBalancer } from "./balancer.ts";
import { aboveBounds } from "./kernels/log-losses.ts";

/**
 * Geometric loss strategy (Chennupati et al., "MultiNet++", CVPR Workshops 2019): minimise `L = (Π L_i)^(1/K)`, weight `L / (K L_i)`.
 * Computed as `exp(mean ln L_i)`, so that many tasks neither overflow nor vanish. `Σ w_i L_i = L`. With one task: weight 1.
 * Losses are clamped from below; a negative one throws `RangeError` with the task's name.
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
  weigh({ tasks, losses }, state, { epsilon }, { names }) {
    const own = tasks.map((task) => names[task]);
    const safe = aboveBounds(losses, [], own, epsilon);
    const mean = Math.exp(safe.reduce((sum, loss) => sum + Math.log(loss), 0) / safe.length);
    return { weights: safe.map((loss) => mean / (safe.length * loss)), status: "ok", state };
  },
});
