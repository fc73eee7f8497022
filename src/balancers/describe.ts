import { z } from "zod";
import type { Balancer } from "./balancer.ts";
import type { Holds, Need, Properties, Provenance } from "./method-facts.ts";

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
  items: z.looseObject({ type: z.string() }).optional(),
  default: z.unknown().optional(),
  description: z.string().optional(),
});

/** The options of a method with type, range, default and description, read from its one schema. */
export function describeOptions(balancer: Balancer): readonly OptionDescription[] {
  const schema = z.looseObject({ properties: z.record(z.string(), property) }).parse(z.toJSONSchema(balancer.options, { io: "input" }));
  return Object.entries(schema.properties).map(([name, facts]) => ({
    name,
    type: typeOf(facts),
    default: facts.default === undefined ? "" : typeof facts.default === "string" ? facts.default : JSON.stringify(facts.default),
    description: facts.description ?? "",
  }));
}

function typeOf(facts: z.output<typeof property>): string {
  if (facts.enum !== undefined) return facts.enum.join(" | ");
  if (facts.type === "array" && facts.items !== undefined) return `list of ${facts.items.type}s`;
  return `${facts.type ?? "value"}${range(facts)}`;
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

const provenance: Readonly<Record<Provenance, string>> = {
  paper: "Equations from the paper.",
  "paper and code": "Equations from the paper and the authors' code.",
  reconstructed: "Reconstructed: the paper leaves equations open, or was not to be had.",
};

const needs: Readonly<Record<Need, string>> = {
  losses: "the losses",
  norms: "the norms of the task gradients",
  gram: "the Gram matrix of the task gradients",
  gradients: "the task gradients, element by element",
};

/** What there is to say of a method beside its papers and options, a sentence or two each; hover, command line and docs show the same. */
export function describeMethod(balancer: Balancer): readonly string[] {
  const { cost, known, settledBy, positiveLosses, optimizers, performance, draws, properties } = balancer;
  return [
    `Needs ${needs[balancer.needs]}. Passes a step: ${cost.backward} backward, ${cost.forward} forward; memory beside plain training: ${cost.memory} floats.`,
    ...(draws === undefined
      ? []
      : [`Draws ${draws} further batches in each step; a task takes part where all of them have a label for it.`]),
    ...(performance === true ? ["Asks how well each task does on the batch."] : []),
    provenance[balancer.provenance],
    ...(known === undefined ? [] : [known]),
    ...(settledBy === undefined ? [] : [`What would settle it: ${settledBy}`]),
    ...(positiveLosses === true ? ["Needs losses above 0."] : []),
    ...(optimizers === undefined ? [] : [`Works with ${optimizers.join(", ")}.`]),
    ...(properties === undefined ? [] : [describeProperties(properties)]),
  ];
}

function describeProperties({ nonConflicting, scaleFree, length, sumWithoutConflict, orderFree, note }: Properties): string {
  const says = (holds: Holds, what: string, not: string): string => (holds === "yes" ? what : holds === "no" ? not : `${what} in part`);
  const sentences = [
    says(nonConflicting, "hurts no task to first order", "may hurt a task to first order"),
    says(scaleFree, "does not depend on the scale of a task's loss", "depends on the scale of a task's loss"),
    says(sumWithoutConflict, "is the sum or mean where no gradients conflict", "is not the sum even where no gradients conflict"),
    says(orderFree, "treats tasks alike whatever their order", "depends on the order of the tasks"),
    length === undefined ? "" : `grows with a common scale s of all losses as s^${Number(length.toPrecision(3))}`,
  ];
  const told = sentences.filter((sentence) => sentence !== "").join("; ");
  return `With default options and independent gradients, the direction ${told}.${note === undefined ? "" : ` ${note}`}`;
}

/** Everything the catalogue knows of a method, as plain data for `--json`. */
export function balancerFacts(balancer: Balancer) {
  const { id, title, summary, family, action, known, settledBy, cost, papers, optimizers, positiveLosses, properties } = balancer;
  return {
    id,
    title,
    summary,
    family,
    needs: balancer.needs,
    action,
    provenance: balancer.provenance,
    known: known ?? null,
    settledBy: settledBy ?? null,
    positiveLosses: positiveLosses ?? false,
    performance: balancer.performance ?? false,
    draws: balancer.draws ?? 0,
    cost,
    properties: properties ?? null,
    papers,
    optimizers: optimizers ?? null,
    options: describeOptions(balancer),
  };
}
