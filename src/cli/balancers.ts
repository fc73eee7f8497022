import type { Command } from "commander";
import type { Balancer } from "../balancers/balancer.ts";
import { balancerCatalogue, findBalancer } from "../balancers/catalogue.ts";
import { nearest } from "../experiment/suggestion.ts";
import { CommandError } from "./exit.ts";
import { balancerFacts, describeMethod, describeOptions, describePapers } from "../balancers/describe.ts";

/** `taskscope balancers [METHOD]`: the catalogue, or one method with everything known of it. */
export function registerBalancers(program: Command): void {
  program
    .command("balancers")
    .description("List the balancers, or tell everything about one.")
    .argument("[method]", "balancer to tell about")
    .option("--json", "print JSON")
    .action((method: string | undefined, { json }: { json?: true }) => {
      const balancer = method === undefined ? undefined : findBalancer(method);
      if (method !== undefined && balancer === undefined) {
        const ids = balancerCatalogue.map(({ id }) => id);
        const meant = nearest(method, ids);
        const advice = meant === undefined ? `There are: ${ids.join(", ")}.` : `Did you mean "${meant}"? "taskscope balancers" lists all.`;
        throw new CommandError(`There is no balancer "${method}". ${advice}`);
      }
      if (json)
        process.stdout.write(
          `${JSON.stringify(balancer === undefined ? balancerCatalogue.map(balancerFacts) : balancerFacts(balancer))}\n`,
        );
      else process.stdout.write(balancer === undefined ? list(balancerCatalogue) : tell(balancer));
    });
}

function list(balancers: readonly Balancer[]): string {
  const width = Math.max(...balancers.map(({ id }) => id.length));
  return balancers.map(({ id, summary }) => `${id.padEnd(width)}  ${summary}\n`).join("");
}

function tell(balancer: Balancer): string {
  const options = describeOptions(balancer).map(
    ({ name, type, default: value, description }) => `  ${name}: ${type} = ${value}\n      ${description}\n`,
  );
  return [
    `${balancer.title} (${balancer.id})\n${balancer.summary}\n\n`,
    ...describeMethod(balancer).map((sentence) => `${sentence}\n`),
    "\nPapers\n",
    ...describePapers(balancer).map((paper) => `  ${paper}\n`),
    "\nOptions\n",
    ...options,
  ].join("");
}
