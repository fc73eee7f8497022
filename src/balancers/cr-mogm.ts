import { z } from "zod";
import { alignedMtl } from "./aligned-mtl.ts";
import { defineBalancer, type Balancer, type BalancerState } from "./balancer.ts";
import { cagrad } from "./cagrad.ts";
import { config } from "./config.ts";
import { dualproj } from "./dualproj.ts";
import { fairgrad } from "./fairgrad.ts";
import { imtlG } from "./imtl-g.ts";
import { mgda } from "./mgda.ts";
import { nashMtl } from "./nash-mtl.ts";
import { upgrad } from "./upgrad.ts";

const ids = ["mgda", "cagrad", "imtl-g", "nash-mtl", "fairgrad", "aligned-mtl", "upgrad", "dualproj", "config"] as const;

/** Methods whose weights come from the Gram matrix alone. */
const methods: Readonly<Record<(typeof ids)[number], Balancer>> = {
  mgda,
  cagrad,
  "imtl-g": imtlG,
  "nash-mtl": nashMtl,
  fairgrad,
  "aligned-mtl": alignedMtl,
  upgrad,
  dualproj,
  config,
};

/**
 * CR-MOGM (Zhou, Zhang, Jiang, Zhong, Gu, Zhu, NeurIPS 2022): a moving average of another method's weights,
 *
 *   w(t) = α w(t−1) + (1 − α) ŵ(t),   w(0) = 1/K each,
 *
 * so that the weights depend less on the batch whose gradients they combine, and with that the direction is less biased. The other method,
 * `of`, has its default options. α = 0 is that method. Where it finds no direction and answers with weights 0, the average only shrinks.
 * An absent task keeps its average. With one task: α + (1 − α) ŵ in the first step, ŵ in the limit.
 */
export const crMogm = defineBalancer({
  id: "cr-mogm",
  title: "CR-MOGM",
  summary: "Steadies another method by a moving average of its weights.",
  family: "gram",
  needs: "gram",
  action: "combine-gradients",
  papers: [
    {
      authors: "Zhou, Zhang, Jiang, Zhong, Gu, Zhu",
      title: "On the Convergence of Stochastic Multi-Objective Gradient Manipulation and Beyond",
      venue: "NeurIPS",
      year: 2022,
    },
  ],
  provenance: "paper",
  cost: { backward: "K", forward: "1", memory: "K·n" },
  options: z.object({
    of: z.enum(ids).default("mgda").describe("The method whose weights are averaged, with its default options."),
    alpha: z.number().min(0).lt(1).default(0.9).describe("Share of the past in the average; 0: the method itself."),
  }),
  start: ({ of }, context) => ({
    average: new Array<number>(context.tasks).fill(1 / context.tasks),
    ...renamed(methods[of].prepare({}, context).start(), (name) => prefix + name),
  }),
  weigh(input, state, { of, alpha }, context) {
    const inner = Object.entries(state).filter(([name]) => name.startsWith(prefix));
    const answer = methods[of].prepare({}, context).weigh(
      input,
      renamed(Object.fromEntries(inner), (name) => name.slice(prefix.length)),
    );
    const average = [...(state["average"] ?? [])];
    const weights = input.tasks.map((task, i) => alpha * (average[task] ?? 0) + (1 - alpha) * (answer.weights[i] ?? 0));
    input.tasks.forEach((task, i) => (average[task] = weights[i] ?? 0));
    // The average is seldom stationary where the method is; what its solver did not manage stays true.
    const status = answer.status === "stationary" && alpha > 0 ? "ok" : answer.status;
    return { weights, status, state: { ...renamed(answer.state, (name) => prefix + name), average } };
  },
});

/** Before the names of the other method's state. */
const prefix = "of/";

function renamed(state: BalancerState, rename: (name: string) => string): BalancerState {
  return Object.fromEntries(Object.entries(state).map(([name, values]) => [rename(name), values]));
}
