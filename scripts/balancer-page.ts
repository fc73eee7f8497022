import { balancerCatalogue } from "../src/balancers/catalogue.ts";
import { describeMethod, describeOptions, describePapers } from "../src/balancers/describe.ts";
import type { Balancer } from "../src/balancers/balancer.ts";

/** The text of `docs/balancers.md`, made from the catalogue; a test fails when the page is stale. */
export function balancerPage(): string {
  const rows = balancerCatalogue.map(
    ({ id, summary, needs, cost, provenance }) => `| [\`${id}\`](#${id}) | ${summary} | ${needs} | ${cost.backward} | ${provenance} |`,
  );
  return [
    "# Balancers",
    "",
    "Made by `npm run docs` from `src/balancers/`; do not edit. Every method keeps its paper's scale; `scale` brings any of them to a common one.",
    "K is the number of tasks, n the number of weights that several tasks share.",
    "",
    "| method | what it does | needs | backward passes | equations from |",
    "| --- | --- | --- | --- | --- |",
    ...rows,
    ...balancerCatalogue.flatMap(section),
    "",
  ].join("\n");
}

function section(balancer: Balancer): readonly string[] {
  const { id, title, summary } = balancer;
  return [
    "",
    `## ${id}`,
    "",
    `**${title}.** ${summary}`,
    "",
    ...describePapers(balancer).map((paper) => `- ${paper}`),
    ...describeMethod(balancer).map((sentence) => `- ${sentence}`),
    "",
    "| option | values | default | meaning |",
    "| --- | --- | --- | --- |",
    ...describeOptions(balancer).map(
      ({ name, type, default: value, description }) => `| \`${name}\` | ${type.replaceAll("|", "\\|")} | ${value} | ${description} |`,
    ),
  ];
}
