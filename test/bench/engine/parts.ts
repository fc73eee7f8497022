import { Session } from "node:inspector/promises";
import type { Profiler } from "node:inspector";

/**
 * What a step spends its time on. What one run of a compiled graph, or one kernel, computes together counts as the part that asked for it:
 * products of gradients that their graph takes are `gradients`, and combinations that the graph of the optimizer makes `optimizer`. `checks` looks for values that are not finite.
 */
export type Part = "data" | "gradients" | "balancing" | "combination" | "optimizer" | "checks" | "collector" | "rest";

/** Shares of the time, which add up to 1. */
export type Shares = Readonly<Record<Part, number>>;

interface Rule {
  /** `caller` where a function serves many; `none` for the profiler's own work. */
  readonly part: Part | "caller" | "none";
  readonly file: RegExp;
  /** Of these functions alone. */
  readonly only?: RegExp;
}

/** The first that fits a function decides; a function that none fits belongs to who called it. */
const rules: readonly Rule[] = [
  { part: "data", file: /\/src\/training\/(data\/|batches\.ts|step-feed\.ts|step-rows\.ts)/ },
  { part: "combination", file: /\/src\/training\/gradients\/gram\.ts/, only: /^(combine|weightedSum|inBlocks|flatten)$/ },
  { part: "checks", file: /\/src\/training\/gradients\/gram\.ts/, only: /^isFinite/ },
  { part: "caller", file: /\/src\/training\/gradients\/gram\.ts/ },
  { part: "combination", file: /\/src\/training\/(proposal|clipping)\.ts/ },
  { part: "balancing", file: /\/src\/training\/gradients\/(measured|products)\.ts/ },
  { part: "balancing", file: /\/src\/balancers\// },
  { part: "optimizer", file: /\/src\/training\/(optimizers\/|trained-parameter\.ts)/ },
  // One graph combines and moves.
  { part: "optimizer", file: /\/src\/training\/compiled\/(checked-update|update-graph|update-nodes|heap-update)\.ts/ },
  { part: "caller", file: /\/src\/training\/(compiled\/native-graph|backend\/vector-routines)\.ts/ },
  { part: "gradients", file: /\/src\/training\/(compiled|passes|gradients|model|losses|backend)\// },
  { part: "rest", file: /\/src\// },
  { part: "none", file: /^node:inspector/ },
];

/** Where the time of `run` goes, from samples of V8's profiler: it costs nothing while it is off, and needs no seam in what it looks at. */
export async function sharesDuring(run: () => Promise<void>): Promise<Shares> {
  const session = new Session();
  session.connect();
  try {
    await session.post("Profiler.enable");
    await session.post("Profiler.setSamplingInterval", { interval: 500 });
    await session.post("Profiler.start");
    await run();
    const { profile } = await session.post("Profiler.stop");
    return sharesIn(profile);
  } finally {
    session.disconnect();
  }
}

/** A sample counts for the nearest function up its stack that a rule knows. */
export function sharesIn({ nodes, samples = [], timeDeltas = [] }: Profiler.Profile): Shares {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const partOf = new Map<number, Part | "none">();
  const visit = (id: number, inherited: Part | "none"): void => {
    const node = byId.get(id);
    if (node === undefined) return;
    const part = partOfFrame(node.callFrame) ?? inherited;
    partOf.set(id, part);
    for (const child of node.children ?? []) visit(child, part);
  };
  const [root] = nodes;
  if (root !== undefined) visit(root.id, "rest");
  const microseconds = new Map<Part, number>();
  samples.forEach((id, index) => {
    const part = partOf.get(id) ?? "rest";
    if (part === "none") return;
    microseconds.set(part, (microseconds.get(part) ?? 0) + Math.max(0, timeDeltas[index] ?? 0));
  });
  const all = [...microseconds.values()].reduce((sum, time) => sum + time, 0);
  const share = (part: Part): number => (all === 0 ? 0 : Number(((microseconds.get(part) ?? 0) / all).toFixed(3)));
  return {
    data: share("data"),
    gradients: share("gradients"),
    balancing: share("balancing"),
    combination: share("combination"),
    optimizer: share("optimizer"),
    checks: share("checks"),
    collector: share("collector"),
    rest: share("rest"),
  };
}

function partOfFrame({ functionName, url }: { readonly functionName: string; readonly url: string }): Part | "none" | undefined {
  if (functionName === "(garbage collector)") return "collector";
  const rule = rules.find(({ file, only }) => file.test(url) && (only === undefined || only.test(functionName)));
  return rule === undefined || rule.part === "caller" ? undefined : rule.part;
}
