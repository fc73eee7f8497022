import { describe, expect, test } from "vitest";
import { isActive, progressOf, runAppearance, type StatusWords } from "../../../src/editor/run-appearance.ts";
import type { RunStatus, RunSummary } from "../../../src/runs/contract.ts";
import { description, runSummary } from "./run-summary.ts";

const words: StatusWords = {
  queued: "queued",
  starting: "starting",
  running: "running",
  stopping: "stopping",
  completed: "completed",
  stopped: "stopped",
  failed: "failed",
  crashed: "crashed",
};
const statuses: readonly RunStatus[] = ["queued", "starting", "running", "stopping", "completed", "stopped", "failed", "crashed"];
const look = (change: Partial<RunSummary>) => runAppearance(runSummary(change), words, runSummary().createdAt);

describe("a run in the tree", () => {
  test("shows progress and each task's headline metric while it runs", () => {
    const { description: text } = look({
      step: 43,
      description,
      latest: { validation: { species: { accuracy: 0.971 }, mass: { r2: 0.8423 } } },
    });
    expect(text).toBe("43 % · species 97.1 % · mass 0.842");
  });

  test("shows the test metrics once it has them, not the validation ones", () => {
    const result = { metrics: { test: { species: { accuracy: 0.9 } } }, dominance: { trunk: {}, parameters: {} }, bestStep: null };
    const { description: text } = look({
      status: "completed",
      step: 100,
      description,
      result,
      latest: { validation: { species: { accuracy: 0.5 } } },
    });
    expect(text).toBe("species 90.0 %");
  });

  test("that ended early says how, and how far it came", () => {
    expect(look({ status: "stopped", step: 50, description }).description).toBe("stopped 50 %");
    expect(look({ status: "crashed", step: 50 }).description).toBe("crashed");
  });

  test("that was stopped on request does not look like a failure", () => {
    // The workbench paints `debug-stop` red wherever it stands.
    expect(look({ status: "stopped" })).toMatchObject({ icon: "stop-circle", colour: undefined });
  });

  test("says plainly that a metric is not finite", () => {
    const { description: text } = look({ status: "completed", description, latest: { validation: { mass: { r2: Number.NaN } } } });
    expect(text).toBe("mass not finite");
  });

  test("has another icon for each way to end, and one spinner for all that is going on", () => {
    const ended = statuses.filter((status) => !isActive(runSummary({ status })));
    expect(ended).toEqual(["completed", "stopped", "failed", "crashed"]);
    expect(new Set(ended.map((status) => look({ status }).icon)).size).toBe(4);
    expect(look({ status: "running" }).icon).toBe("loading~spin");
  });

  test.each(statuses)("can be stopped or deleted, never both: %s", (status) => {
    const run = runSummary({ status });
    expect(runAppearance(run, words, 0).context).toBe(isActive(run) ? "run.active" : "run.ended");
  });

  test("is called what the user called it", () => {
    expect(look({ user: { ...runSummary().user, title: "baseline" } }).label).toBe("baseline");
  });
});

test("progress is unknown before the plan is, and never more than all", () => {
  expect(progressOf(runSummary())).toBeUndefined();
  expect(progressOf(runSummary({ description, step: 101 }))).toBe(1);
});
