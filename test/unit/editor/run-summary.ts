import type { RunDescription } from "../../../src/experiment/record.ts";
import type { RunSummary } from "../../../src/runs/contract.ts";

/** A small network on two tasks: 100 steps. */
export const description: RunDescription = {
  tasks: [
    {
      id: "species",
      kind: "classification",
      headlineMetric: "accuracy",
      metrics: [{ name: "accuracy", better: "higher", unit: "share" }],
      classes: ["a", "b"],
    },
    { id: "mass", kind: "regression", headlineMetric: "r2", metrics: [{ name: "r2", better: "higher", unit: "plain" }], classes: [] },
  ],
  parameters: [],
  ownership: "attributed",
  backend: "wasm",
  stepsPerEpoch: 10,
  totalSteps: 100,
  epochs: 10,
  rows: { train: 100, validation: 10, test: 10 },
};

export function runSummary(change: Partial<RunSummary> = {}): RunSummary {
  return {
    id: "20261123-120000-000-penguins",
    folder: "/ws/.taskscope/runs/20261123-120000-000-penguins",
    name: "penguins",
    experimentFile: "/ws/penguins.mtl.yaml",
    balancer: "equal",
    seed: 0,
    status: "running",
    reason: null,
    owner: null,
    createdAt: Date.UTC(2026, 10, 23, 12),
    startedAt: null,
    endedAt: null,
    heartbeatAt: null,
    step: 0,
    epoch: 0,
    description: null,
    result: null,
    latest: {},
    git: null,
    versions: {},
    overrides: [],
    user: { title: null, tags: [], note: null, starred: false, archived: false },
    ...change,
  };
}
