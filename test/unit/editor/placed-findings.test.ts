import { afterEach, beforeEach, expect, test } from "vitest";
import { placedFindings } from "../../../src/editor/placed-findings.ts";
import { RecordedRun } from "./recorded-run.ts";
import { description } from "./run-summary.ts";

const text = `name: penguins
data: {file: penguins.csv, inputs: [x]}
tasks:
  species: {kind: classification}
  mass: {kind: regression}
model: {trunk: [{dense: {units: 4}}]}
balancer: equal
`;

let run: RecordedRun;
beforeEach(() => {
  run = new RecordedRun("20261123-120000-000-penguins");
  run.writer.describe(description);
});
afterEach(() => {
  run.dispose();
});

function found(): string[] {
  return placedFindings(run.summary(), text).map(({ finding, range }) => `${finding.code} ${text.split("\n")[range.start.line] ?? ""}`);
}

test("a finding about a task stands at the task, one about the balance at the balancer", () => {
  for (let step = 0; step < 20; step++) {
    run.writer.scalar("gradient-norm/species", step, 10);
    run.writer.scalar("gradient-norm/mass", step, 0.1);
    run.writer.scalar("conflict-rate", step, 0.8);
  }
  run.writer.commit(Date.now());
  expect(found()).toEqual(["starved   mass: {kind: regression}", "conflict balancer: equal"]);
});

test("a run that shows nothing of note says nothing", () => {
  run.writer.commit(Date.now());
  expect(found()).toEqual([]);
});
