import type { Balancer } from "../balancers/balancer.ts";
import { describeMethod } from "../balancers/describe.ts";
import { optionsShape } from "./json-schema.ts";
import { keysMarkdown } from "./shape.ts";

/** A balancer as hover and completion tell of it. */
export function balancerMarkdown(balancer: Balancer): string {
  const { id, title, summary, papers } = balancer;
  const options = keysMarkdown(optionsShape(balancer.options));
  const parts = [
    `**${title}** (\`${id}\`)`,
    summary,
    ...papers.map(({ authors, title: paper, venue, year, arxiv }) => {
      const link = arxiv === undefined ? "" : `, [arXiv ${arxiv}](https://arxiv.org/abs/${arxiv})`;
      return `${authors}: *${paper}*. ${venue} ${String(year)}${link}.`;
    }),
    ...describeMethod(balancer),
    options === "" ? "" : `Options:\n\n${options}`,
  ];
  return parts.filter((part) => part !== "").join("\n\n");
}
