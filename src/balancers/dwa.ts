import { z } from "zod";
import { defineBalancer, type BalancerState } from "./balancer.ts";
import { addLosses, enterWindow, lossRatio, startWindows, type LossWindows } from "./kernels/loss-windows.ts";
import { softmax } from "./kernels/softmax.ts";

/**
 * Dynamic weight average (Liu, Johns, Davison, CVPR 2019, arXiv 1803.10704): a task whose loss falls slowly gets more weight,
 *
 *   w = K · softmax(r / T),   r_i = L̄_i(window − 1) / L̄_i(window − 2)
 *
 * with window means of the losses; 1 for all in the first two windows. Blind to the scale of the losses by design. A window is
 * an epoch, or `window` steps.
 */
export const dwa = defineBalancer({
  id: "dwa",
  title: "Dynamic weight average",
  summary: "Gives more weight to tasks whose loss falls slowly.",
  family: "losses",
  needs: "losses",
  action: "weigh-losses",
  papers: [
    {
      authors: "Liu, Johns, Davison",
      title: "End-to-End Multi-Task Learning with Attention",
      venue: "CVPR",
      year: 2019,
      arxiv: "1803.10704",
    },
  ],
  provenance: "paper and code",
  cost: { backward: "1", forward: "1", memory: "4K" },
  options: z.object({
    temperature: z.number().gt(0).max(1000).default(2).describe("Larger makes the weights more equal."),
    window: z.int().min(0).default(0).describe("Steps in a window; 0: an epoch."),
  }),
  start: (_, { tasks }) => ({ ...startWindows(tasks) }),
  advice: ({ window }, { epochs }) =>
    window > 0 || epochs > 2
      ? undefined
      : {
          option: "window",
          message: `All weights are 1 in the first two epochs, and there are ${epochs}. Train longer, or set \`window\` to a number of steps.`,
        },
  weigh({ tasks, losses, step, epoch }, state, { temperature, window }) {
    const entered = enterWindow(windowsOf(state), window === 0 ? Math.floor(epoch) : Math.floor(step / window));
    const ratios = tasks.map((task) => lossRatio(entered, task) / temperature);
    const weights = softmax(ratios).map((share) => share * tasks.length);
    return { weights, status: "ok", state: { ...addLosses(entered, tasks, losses) } };
  },
});

/** The loss windows in a method's state. */
export function windowsOf({ sum = [], seen = [], last = [], before = [], window = [] }: BalancerState): LossWindows {
  return { sum, seen, last, before, window };
}
