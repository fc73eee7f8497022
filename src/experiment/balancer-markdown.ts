import type { Balancer } from "../balancers/balancer.ts";
import { optionsShape } from "./json-schema.ts";
import { keysMarkdown } from "./shape.ts";

const provenance = {
  paper: "equations from the paper",
  "paper and code": "equations from the paper and the authors' code",
  reconstructed: "reconstructed: the paper leaves equations open",
} as const;

/** A balancer as hover and completion tell of it. */
export function balancerMarkdown(balancer: Balancer): string {
  const { id, title, summary, papers, cost, optimizers } = balancer;
  const options = keysMarkdown(optionsShape(balancer.options));
  const parts = [
    `**${title}** (\`${id}\`)`,
    summary,
    ...papers.map(({ authors, title: paper, venue, year, arxiv }) => {
      const link = arxiv === undefined ? "" : `, [arXiv ${arxiv}](https://arxiv.org/abs/${arxiv})`;
      return `${authors}: *${paper}*. ${venue} ${String(year)}${link}.`;
    }),
    `Provenance: ${provenance[balancer.provenance]}.`,
    `Cost of a step: ${cost.forward} forward, ${cost.backward} backward; extra memory ${cost.memory}.`,
    optimizers === undefined ? "" : `Works with ${optimizers.join(", ")}.`,
    options === "" ? "" : `Options:\n\n${options}`,
  ];
  return parts.filter((part) => part !== "").join("\n\n");
}
