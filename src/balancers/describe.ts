import { z } from "zod";
import type { Balancer } from "./balancer.ts";

/** An option of a method as people and programs are told of it. */
export interface OptionDescription {
  readonly name: string;
  readonly type: string;
  readonly default: string;
  readonly description: string;
}

const property = z.looseObject({
  type: z.string().optional(),
  enum: z.array(z.union([z.string(), z.number()])).optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  exclusiveMinimum: z.number().optional(),
  exclusiveMaximum: z.number().optional(),
  default: z.unknown(),
  description: z.string().optional(),
});

/** The options of a method with type, range, default and description, read from its one schema. */
export function describeOptions(balancer: Balancer): readonly OptionDescription[] {
  const schema = z.looseObject({ properties: z.record(z.string(), property) }).parse(z.toJSONSchema(balancer.options, { io: "input" }));
  return Object.entries(schema.properties).map(([name, facts]) => ({
    name,
    type: facts.enum === undefined ? `${facts.type ?? "value"}${range(facts)}` : facts.enum.join(" | "),
    default: facts.default === undefined ? "" : typeof facts.default === "string" ? facts.default : JSON.stringify(facts.default),
    description: facts.description ?? "",
  }));
}

function range({ minimum, exclusiveMinimum, maximum, exclusiveMaximum }: z.output<typeof property>): string {
  const lower = exclusiveMinimum === undefined ? (minimum === undefined ? undefined : `≥ ${minimum}`) : `> ${exclusiveMinimum}`;
  const upper = exclusiveMaximum === undefined ? (maximum === undefined ? undefined : `≤ ${maximum}`) : `< ${exclusiveMaximum}`;
  const bounds = [lower, upper].filter((bound) => bound !== undefined && !bound.includes("9007199254740991"));
  return bounds.length === 0 ? "" : ` ${bounds.join(" and ")}`;
}

/** `Sener, Koltun: Multi-Task Learning …, NeurIPS 2018, arXiv 1810.04650` for each paper. */
export function describePapers({ papers }: Balancer): readonly string[] {
  return papers.map(
    ({ authors, title, venue, year, arxiv }) => `${authors}: ${title}, ${venue} ${year}${arxiv === undefined ? "" : `, arXiv ${arxiv}`}`,
  );
}

/** Everything the catalogue knows of a method, as plain data for `--json`. */
export function balancerFacts(balancer: Balancer) {
  const { id, title, summary, family, needs, action, provenance, known, cost, papers, optimizers, positiveLosses } = balancer;
  return {
    id,
    title,
    summary,
    family,
    needs,
    action,
    provenance,
    known: known ?? null,
    positiveLosses: positiveLosses ?? false,
    cost,
    papers,
    optimizers: optimizers ?? null,
    options: describeOptions(balancer),
  };
}
