/** How a method's numbers are known to be right, beside what is tested of every method alike. */
export interface Evidence {
  /** Its entry in `test/golden/balancer-golden.json`: numbers from an independent implementation. */
  readonly golden?: string;
  /** Test file of this folder with the method's own laws, or with its numbers worked out by hand. */
  readonly laws: string;
  /** Test file of this folder that trains a toy problem with a known outcome with it. */
  readonly toy?: string;
}

/** Of every method of the catalogue; the documentation shows it, and `evidence.test.ts` holds it against the tests. */
export const evidence: Readonly<Record<string, Evidence>> = {
  equal: { laws: "baselines.test.ts", toy: "toys/two-objectives.test.ts" },
  unitary: { laws: "scalarisations.test.ts" },
  static: { laws: "baselines.test.ts" },
  random: { golden: "RLW", laws: "random-weights.test.ts", toy: "random-weights.test.ts" },
  "scale-invariant": { golden: "SI", laws: "learnt-weights.test.ts" },
  geometric: { golden: "GLS", laws: "learnt-weights.test.ts" },
  uncertainty: { golden: "UW_nash", laws: "laws.test.ts" },
  "adaptive-uncertainty": { golden: "AWL", laws: "learnt-weights.test.ts" },
  "restrained-uncertainty": { golden: "DRUW_loss", laws: "learnt-weights.test.ts" },
  dwa: { golden: "DWA_T2", laws: "learnt-weights.test.ts" },
  "imtl-l": { golden: "IMTL_L", laws: "learnt-weights.test.ts" },
  stch: { golden: "STCH_mtl_mu1", laws: "learnt-weights.test.ts" },
  chebyshev: { laws: "scalarisations.test.ts" },
  cosmos: { laws: "scalarisations.test.ts" },
  pbi: { laws: "scalarisations.test.ts" },
  famo: { golden: "FAMO", laws: "famo.test.ts", toy: "famo.test.ts" },
  dtp: { golden: "DTP_g", laws: "scalarisations.test.ts" },
  gradnorm: { golden: "GradNorm_", laws: "gradnorm.test.ts", toy: "toys/scaled-regressions.test.ts" },
  galw: { laws: "galw.test.ts" },
  mgda: { golden: "mgda", laws: "laws.test.ts", toy: "gram-toys.test.ts" },
  "mgda-ub": { laws: "representation.test.ts" },
  "pareto-mtl": { laws: "pareto-mtl.test.ts", toy: "pareto-mtl.test.ts" },
  pcgrad: { golden: "pcgrad_sum", laws: "surgery.test.ts", toy: "gram-toys.test.ts" },
  gradvac: { golden: "GradVac_", laws: "surgery.test.ts" },
  cagrad: { golden: "cagrad_c.5_r0", laws: "laws.test.ts", toy: "gram-toys.test.ts" },
  "imtl-g": { golden: "imtlg_pinv", laws: "laws.test.ts", toy: "gram-toys.test.ts" },
  imtl: { laws: "imtl.test.ts" },
  "nash-mtl": { golden: "nash", laws: "laws.test.ts", toy: "gram-toys.test.ts" },
  fairgrad: { golden: "fairgrad_a2", laws: "laws.test.ts" },
  "aligned-mtl": { golden: "aligned_min_sum", laws: "laws.test.ts", toy: "gram-toys.test.ts" },
  "aligned-mtl-ub": { laws: "representation.test.ts" },
  upgrad: { golden: "upgrad_mean_reg0", laws: "laws.test.ts" },
  dualproj: { golden: "dualproj_mean_reg0", laws: "laws.test.ts", toy: "gram-toys.test.ts" },
  config: { golden: "config", laws: "laws.test.ts", toy: "gram-toys.test.ts" },
  pcd: { laws: "pcd.test.ts", toy: "gram-toys.test.ts" },
  "cr-mogm": { laws: "cr-mogm.test.ts" },
  "excess-mtl": { golden: "Excess_A", laws: "excess-mtl.test.ts" },
  graddrop: { laws: "graddrop.test.ts" },
  "m-config": { laws: "m-config.test.ts" },
  moco: { golden: "MoCo_", laws: "moving-means.test.ts" },
  modo: { golden: "MoDo_A_g.1", laws: "double-sampling.test.ts" },
  sdmgrad: { laws: "double-sampling.test.ts" },
  "db-mtl": { golden: "DBMTL_", laws: "moving-means.test.ts" },
  adatask: { golden: "AdaTask_adam", laws: "adatask.test.ts" },
  alternating: { laws: "alternating.test.ts" },
  priority: { laws: "priority.test.ts", toy: "priority.test.ts" },
  marigold: { laws: "marigold.test.ts", toy: "marigold.test.ts" },
};
