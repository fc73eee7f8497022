import { describe, expect, test } from "vitest";
import { RunRows } from "../../../src/editor/run-rows.ts";
import { runSummary } from "./run-summary.ts";

const older = runSummary({ id: "1", folder: "/ws/.taskscope/runs/1", status: "completed" });
const newer = runSummary({ id: "2", folder: "/ws/.taskscope/runs/2", step: 5 });

describe("rows of runs", () => {
  test("a run that goes on changes its own row, which stays the same object", () => {
    const rows = new RunRows();
    rows.update([newer, older]);
    const row = rows.of(newer);
    const further = { ...newer, step: 6 };
    expect(rows.update([further, { ...older }])).toEqual([row]);
    expect(rows.of(further)).toBe(row);
    expect(row.run.step).toBe(6);
  });

  test("a sign of life alone changes no row", () => {
    const rows = new RunRows();
    rows.update([newer, older]);
    expect(rows.update([{ ...newer, heartbeatAt: 7 }, older])).toEqual([]);
  });

  test.each([
    ["came", [newer, older], [newer, older, runSummary({ id: "3", folder: "/ws/.taskscope/runs/3" })]],
    ["went", [newer, older], [older]],
    ["took another's place", [newer], [older]],
    ["belongs to another file now", [newer], [{ ...newer, experimentFile: "/ws/birds.mtl.yaml" }]],
  ])("all are drawn anew when a run %s", (_what, before, after) => {
    const rows = new RunRows();
    rows.update(before);
    expect(rows.update(after)).toBeUndefined();
  });

  test("a run that went and comes back has a row again", () => {
    const rows = new RunRows();
    rows.update([newer]);
    rows.update([]);
    expect(rows.update([newer])).toBeUndefined();
    expect(rows.of(newer).run).toBe(newer);
  });
});
