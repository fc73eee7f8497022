import { adaptiveUncertainty } from "./adaptive-uncertainty.ts";
import { adatask } from "./adatask.ts";
import { alignedMtlUb } from "./aligned-mtl-ub.ts";
import { alignedMtl } from "./aligned-mtl.ts";
import { alternating } from "./alternating.ts";
import type { Balancer } from "./balancer.ts";
import { cagrad } from "./cagrad.ts";
import { chebyshev } from "./chebyshev.ts";
import { config } from "./config.ts";
import { cosmos } from "./cosmos.ts";
import { crMogm } from "./cr-mogm.ts";
import { dbMtl } from "./db-mtl.ts";
import { dtp } from "./dtp.ts";
import { dualproj } from "./dualproj.ts";
import { dwa } from "./dwa.ts";
import { equal } from "./equal.ts";
import { excessMtl } from "./excess-mtl.ts";
import { fairgrad } from "./fairgrad.ts";
import { famo } from "./famo.ts";
import { galw } from "./galw.ts";
import { geometric } from "./geometric.ts";
import { graddrop } from "./graddrop.ts";
import { gradnorm } from "./gradnorm.ts";
import { gradvac } from "./gradvac.ts";
import { imtlG } from "./imtl-g.ts";
import { imtlL } from "./imtl-l.ts";
import { imtl } from "./imtl.ts";
import { mConfig } from "./m-config.ts";
import { marigold } from "./marigold.ts";
import { mgdaUb } from "./mgda-ub.ts";
import { mgda } from "./mgda.ts";
import { moco } from "./moco.ts";
import { modo } from "./modo.ts";
import { nashMtl } from "./nash-mtl.ts";
import { paretoMtl } from "./pareto-mtl.ts";
import { pbi } from "./pbi.ts";
import { pcd } from "./pcd.ts";
import { pcgrad } from "./pcgrad.ts";
import { priority } from "./priority.ts";
import { random } from "./random.ts";
import { restrainedUncertainty } from "./restrained-uncertainty.ts";
import { scaleInvariant } from "./scale-invariant.ts";
import { sdmgrad } from "./sdmgrad.ts";
import { staticWeights } from "./static.ts";
import { stch } from "./stch.ts";
import { uncertainty } from "./uncertainty.ts";
import { unitary } from "./unitary.ts";
import { upgrad } from "./upgrad.ts";

/** Every method, in the order in which people are shown them: baselines first, then by family. */
export const balancerCatalogue: readonly Balancer[] = [
  equal,
  unitary,
  staticWeights,
  random,
  scaleInvariant,
  geometric,
  uncertainty,
  adaptiveUncertainty,
  restrainedUncertainty,
  dwa,
  imtlL,
  stch,
  chebyshev,
  cosmos,
  pbi,
  famo,
  dtp,
  gradnorm,
  galw,
  mgda,
  mgdaUb,
  paretoMtl,
  pcgrad,
  gradvac,
  cagrad,
  imtlG,
  imtl,
  nashMtl,
  fairgrad,
  alignedMtl,
  alignedMtlUb,
  upgrad,
  dualproj,
  config,
  pcd,
  crMogm,
  excessMtl,
  graddrop,
  mConfig,
  moco,
  modo,
  sdmgrad,
  dbMtl,
  adatask,
  alternating,
  priority,
  marigold,
];

/** The method with this id, or undefined. */
export function findBalancer(id: string): Balancer | undefined {
  return balancerCatalogue.find((balancer) => balancer.id === id);
}

/** A balancer as an experiment names it: its id, or an object with `method` and the method's options beside it. */
export type BalancerEntry = string | { readonly method: string; readonly [option: string]: unknown };

/** The method and its unparsed options. Throws `RangeError` for an unknown method; a checked experiment has none. */
export function resolveBalancer(entry: BalancerEntry): {
  readonly balancer: Balancer;
  readonly options: Readonly<Record<string, unknown>>;
} {
  const method = typeof entry === "string" ? entry : entry.method;
  const balancer = findBalancer(method);
  if (balancer === undefined) {
    throw new RangeError(`There is no balancer "${method}". There are: ${balancerCatalogue.map(({ id }) => id).join(", ")}.`);
  }
  return { balancer, options: optionsIn(entry) };
}

/** The method's options, unparsed: all that stands beside its name. */
export function optionsIn(entry: BalancerEntry): Readonly<Record<string, unknown>> {
  if (typeof entry === "string") return {};
  const { method: _, ...options } = entry;
  return options;
}
