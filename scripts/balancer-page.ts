import { evidence } from "../test/unit/balancers/evidence.ts";
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
    ...evidenceSection(),
    ...reconstructedSection(),
    "",
  ].join("\n");
}

/** A table of how each method is tested. */
function evidenceSection(): readonly string[] {
  const cell = (file: string | undefined): string => (file === undefined ? "" : `[yes](../test/unit/balancers/${file})`);
  return [
    "",
    "## How each method is tested",
    "",
    "_Golden_: numbers of an independent implementation, by their entry in `test/golden/balancer-golden.json`. _Laws_: what the equations promise, for random",
    "Jacobians and losses. _Toy_: a problem whose outcome is known. Every method is also held to the laws of `laws.test.ts`, `absent.test.ts`, `resume.test.ts` and",
    "`properties.test.ts`, trains both examples, goes on from a checkpoint to the bit, and works with missing labels (`test/unit/training/every-method.test.ts`).",
    "",
    "| method | golden | laws | toy | resume | partial labels |",
    "| --- | --- | --- | --- | --- | --- |",
    ...balancerCatalogue.map(({ id }) => {
      const { golden, laws, toy } = evidence[id] ?? {};
      return `| \`${id}\` | ${golden === undefined ? "" : `\`${golden}\``} | ${cell(laws)} | ${cell(toy)} | yes | yes |`;
    }),
  ];
}

/** What is not known of methods whose equations were not all to be had. */
function reconstructedSection(): readonly string[] {
  const reconstructed = balancerCatalogue.filter(({ provenance }) => provenance === "reconstructed");
  return [
    "",
    "## Reconstructed methods",
    "",
    "| method | what is known, what was filled in | what would settle it |",
    "| --- | --- | --- |",
    ...reconstructed.map(({ id, known, settledBy }) => `| \`${id}\` | ${known ?? ""} | ${settledBy ?? ""} |`),
  ];
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
      ({ name, type, default: value, description }) =>
        `| \`${name}\` | ${type.replaceAll("|", "\\|")} | ${value} | ${description.replaceAll("|", "\\|")} |`,
    ),
  ];
}
